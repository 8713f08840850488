/** The programs that read the output of `rosterd print nginx`, `completion` and `man` accept it. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { COMMANDS } from "../../src/cli/commands.ts";
import { freePort } from "../support/daemon.ts";
import { onService } from "../e2e/http_case.ts";
import { missingPrograms, run } from "../support/programs.ts";
import { Workplace } from "../support/rosterd.ts";
import { until } from "../support/until.ts";

const HOST = "rosterd.example.edu";
const missing = missingPrograms("nginx", "openssl", "curl");
if (missing !== null) console.error(`LEFT OUT: the test of the printed nginx configuration: ${missing}`);

/** Builds a complete configuration around the printed site, with its own certificate, ports and folder. */
async function serveWithNginx(folder: string, site: string): Promise<{ port: number; stop: () => Promise<void> }> {
  const at = (name: string) => join(folder, name), port = freePort();
  await run(
    "openssl",
    ...["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", `/CN=${HOST}`],
    ...["-keyout", at("key.pem"), "-out", at("certificate.pem")],
  );
  const local = site.replaceAll(/^ *listen .*\[::\].*\n/gm, "").replace("listen 80;", `listen 127.0.0.1:${freePort()};`)
    .replace("listen 443 ssl;", `listen 127.0.0.1:${port} ssl;`)
    .replace("/etc/ssl/rosterd.crt", at("certificate.pem")).replace("/etc/ssl/private/rosterd.key", at("key.pem"));
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((what) => `${what}_temp_path ${at(what)};`).join(" ");
  await Deno.writeTextFile(
    at("nginx.conf"),
    `daemon off; pid ${at("pid")}; error_log ${
      at("log")
    }; events {}\nhttp { access_log off; ${temporary}\n${local}\n}\n`,
  );
  const nginx = new Deno.Command("nginx", { args: ["-p", folder, "-c", at("nginx.conf")], stderr: "null" }).spawn();
  const stop = async () => {
    nginx.kill("SIGTERM");
    await nginx.status;
  };
  await until("nginx listens", async () => {
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
      return true;
    } catch (error) {
      if (error instanceof Deno.errors.ConnectionRefused) return false;
      throw error;
    }
  });
  return { port, stop };
}

if (missing === null) {
  onService(
    "nginx with the printed configuration serves the page under its host name, and forwards a large file",
    {},
    async (service) => {
      await using here = await Workplace.make();
      const listen = new URL(service.url).host;
      const { out } = await here.run("print", "nginx", "--hosts", HOST, "--listen", listen);
      const { port, stop } = await serveWithNginx(here.folder, out);
      try {
        const curl = (path: string, ...more: string[]) =>
          run("curl", "-sSk", "--resolve", `${HOST}:${port}:127.0.0.1`, ...more, `https://${HOST}:${port}${path}`);
        assert.match(await curl("/"), /<title>rosterd/);
        await here.write("large.csv", `unique_id,login_source,city\n${"1,ldap,Ottawa\n".repeat(150_000)}`);
        const token = `authorization: Bearer ${service.config.adminToken}`;
        const answer = await curl("/check?name=large.csv", "-H", token, "--data-binary", `@${here.path("large.csv")}`);
        assert.equal(JSON.parse(answer).records, 150_000);
      } finally {
        await stop();
      }
    },
    { ROSTERD_HOSTS: HOST },
  );
}

Deno.test("the bash completion completes commands, their second word and their flags", async () => {
  await using here = await Workplace.make();
  await here.write("completion", (await here.run("print", "completion", "bash")).out);
  const completed = async (...words: string[]) => {
    const typed = ["rosterd", ...words].map((word) => `'${word}'`).join(" ");
    const script = `. ${here.path("completion")}; COMP_WORDS=(${typed}); COMP_CWORD=${words.length}; _rosterd; ` +
      'echo "${COMPREPLY[@]}"';
    return (await run("bash", "-c", script)).trim().split(" ");
  };
  assert.deepEqual(await completed("imp"), ["import", "imports"]);
  assert.deepEqual(await completed("imports", "app"), ["approve"]);
  assert.deepEqual(await completed("imports", "--json", "sh"), ["show"]);
  assert.deepEqual(await completed("imports", "--st"), ["--status"]);
});

Deno.test("the help explains the common flags once, and a command names those that it takes in one line", async () => {
  await using here = await Workplace.make();
  const program = (await here.run("--help")).out, man = (await here.run("print", "man")).out.replaceAll("\\", "");
  for (const flag of ["json", "feed NAME", "embedded", "yes", "data FOLDER"]) {
    const row = new RegExp(`^  --${flag} +\\S`, "gm");
    assert.equal(program.match(row)?.length, 1, flag);
    assert.equal(man.replace(/^ {2}--feed NAME +list only .*$/m, "").match(row)?.length, 1, flag);
  }
  const { out } = await here.run("import", "--help");
  assert.match(
    out,
    /^Common flags \(rosterd --help explains them\): --json --embedded --feed --upload .* --log-format\n$/m,
  );
  assert.deepEqual(out.match(/^ {2}--.*?(?= )/gm), ["  --failed-file"]);
});

Deno.test("the manual page names every command, and no line of text begins with a roff request", async () => {
  await using here = await Workplace.make();
  const { out } = await here.run("print", "man");
  for (const { words } of COMMANDS) assert.ok(out.includes(`.SS ${words.replaceAll("-", "\\-")}\n`), words);
  const requests = new Set(out.split("\n").filter((line) => /^[.']/.test(line)).map((line) => line.split(" ")[0]));
  assert.deepEqual([...requests].sort(), [".B", ".SH", ".SS", ".TH", ".fi", ".nf"]);
});
