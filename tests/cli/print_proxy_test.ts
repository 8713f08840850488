/** nginx and Caddy serve rosterd with the printed configuration. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { onService } from "../e2e/http_case.ts";
import { freePort, startDaemon } from "../support/daemon.ts";
import { missingPrograms, run } from "../support/programs.ts";
import { Workplace } from "../support/rosterd.ts";

const HOST = "rosterd.example.edu";

interface Site {
  /** The folder with `key.pem` and `certificate.pem`. */
  folder: string;
  printed: string;
  port: number;
}

/** Each proxy, started with a complete configuration around the printed site, on ports and in a folder of the test. */
const PROXIES: Readonly<Record<string, (site: Site) => Promise<AsyncDisposable>>> = {
  async nginx({ folder, printed, port }) {
    const at = (name: string) => join(folder, name);
    const site = printed.replaceAll(/^ *listen .*\[::\].*\n/gm, "")
      .replace("listen 80;", `listen 127.0.0.1:${freePort()};`)
      .replace("listen 443 ssl;", `listen 127.0.0.1:${port} ssl;`)
      .replace("/etc/ssl/rosterd.crt", at("certificate.pem")).replace("/etc/ssl/private/rosterd.key", at("key.pem"));
    const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
      .map((what) => `${what}_temp_path ${at(what)};`).join(" ");
    await Deno.writeTextFile(
      at("nginx.conf"),
      `daemon off; pid ${at("pid")}; error_log ${at("log")}; events {}\n` +
        `http { access_log off; ${temporary}\n${site}\n}\n`,
    );
    return await startDaemon("nginx", ["-p", folder, "-c", at("nginx.conf")], port, { greets: false });
  },

  async caddy({ folder, printed, port }) {
    const at = (name: string) => join(folder, name);
    // Without an own certificate, Caddy would ask an authority on the internet for one.
    const site = printed.replace(`${HOST} {`, `${HOST}:${port} {\n\ttls ${at("certificate.pem")} ${at("key.pem")}`);
    assert.notEqual(site, printed);
    const local = "{\n\tadmin off\n\tauto_https disable_redirects\n\tdefault_bind 127.0.0.1\n" +
      "\tservers {\n\t\tprotocols h1 h2\n\t}\n}\n";
    await Deno.writeTextFile(at("Caddyfile"), local + site);
    const env = { XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder };
    return await startDaemon("caddy", ["run", "--config", at("Caddyfile"), "--adapter", "caddyfile"], port, {
      env,
      greets: false,
    });
  },
};

for (const [proxy, start] of Object.entries(PROXIES)) {
  const missing = missingPrograms(proxy, "openssl", "curl");
  if (missing !== null) {
    console.error(`LEFT OUT: the test of the printed ${proxy} configuration: ${missing}`);
    continue;
  }
  onService(
    `${proxy} with the printed configuration serves the page under its host name, and forwards a large file`,
    {},
    async (service) => {
      await using here = await Workplace.make();
      await run(
        "openssl",
        ...["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", `/CN=${HOST}`],
        ...["-addext", `subjectAltName=DNS:${HOST}`],
        ...["-keyout", here.path("key.pem"), "-out", here.path("certificate.pem")],
      );
      const listen = new URL(service.url).host, port = freePort();
      const { out: printed } = await here.run("print", proxy, "--hosts", HOST, "--listen", listen);
      await using _proxy = await start({ folder: here.folder, printed, port });
      const curl = (path: string, ...more: string[]) =>
        run(
          "curl",
          ...["-sS", "--cacert", here.path("certificate.pem"), "--resolve", `${HOST}:${port}:127.0.0.1`],
          ...more,
          `https://${HOST}:${port}${path}`,
        );
      assert.match(await curl("/"), /<title>rosterd/);
      await here.write("large.csv", `unique_id,login_source,city\n${"1,ldap,Ottawa\n".repeat(150_000)}`);
      const token = `authorization: Bearer ${service.config.adminToken}`;
      const answer = await curl("/check?name=large.csv", "-H", token, "--data-binary", `@${here.path("large.csv")}`);
      assert.equal(JSON.parse(answer).records, 150_000);
    },
    { ROSTERD_HOSTS: HOST },
  );
}
