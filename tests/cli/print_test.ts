/**
 * `rosterd print`: its output is valid for the programs that read it, refers to this machine and contains no secrets.
 */
import assert from "node:assert/strict";
import { parse } from "yaml";
import manifest from "../../deno.json" with { type: "json" };
import { EXIT } from "../../src/cli/command.ts";
import { COLUMNS } from "../../src/domain/columns.ts";
import { missingPrograms, pathOfProgram, run } from "../support/programs.ts";
import { type Ended, FROM_SOURCE, Workplace } from "../support/rosterd.ts";

const FOLDERS = ["--upload", "/srv/rosterd/upload", "--data", "/var/lib/rosterd", "--settings", "/etc/rosterd/s.json"];
const SERVERS = ["systemd", "compose", "sshd", "vsftpd"];

/** Registers a test that needs system programs. */
function withPrograms(name: string, programs: readonly string[], fn: () => Promise<void>): void {
  const unavailable = missingPrograms(...programs);
  if (unavailable !== null) console.error(`LEFT OUT: "${name}": ${unavailable}`);
  Deno.test({ name, ignore: unavailable !== null, fn });
}

function good({ code, out, err }: Ended): string {
  assert.deepEqual([code, err], [0, ""]);
  return out;
}

Deno.test("the printed sample has every column of a user, and passes a check without failures", async () => {
  await using here = await Workplace.make();
  const sample = good(await here.run("print", "sample"));
  // A new roster has no users whose id has changed.
  const names = COLUMNS.map(({ name }) => name).filter((name) => name !== "old_unique_id");
  assert.deepEqual(sample.split("\n")[0].split(","), names);
  await here.write("sample.csv", sample);
  const { code, out } = await here.run("check", "--embedded", "sample.csv", "--json");
  const { checks: [{ status, records, created, warnings }] } = JSON.parse(out);
  assert.deepEqual([code, status, records, created, warnings], [0, "done", 3, 3, []]);
});

Deno.test("the printed texts contain absolute paths of this machine, but no secrets", async () => {
  const secrets = {
    DATABASE_URL: "postgres://u:secret-of-the-database@db.example.edu/x",
    ROSTERD_ADMIN_TOKEN: "secret-of-the-admin",
    ROSTERD_SMTP_PASSWORD: "secret-of-the-mail",
  };
  await using here = await Workplace.make(secrets);
  const folder = await Deno.realPath(here.folder);
  for (const what of SERVERS) {
    const text = good(await here.run("print", what));
    assert.ok(text.includes(`${folder}/upload`), what);
    assert.doesNotMatch(text, /secret-of|[ =]\.\/(?:upload|data|settings)/, what);
  }
});

Deno.test("print resolves links to the upload folder", async () => {
  await using here = await Workplace.make();
  await Deno.mkdir(here.path("real"));
  await Deno.symlink("real", here.path("link"));
  const text = good(await here.run("print", "sshd", "--upload", "link/upload"));
  assert.ok(text.includes(`ChrootDirectory ${await Deno.realPath(here.path("real"))}\n`));
});

Deno.test("the printed commands do not follow a link that an attacker has created", async () => {
  await using here = await Workplace.make();
  const text = good(await here.run("print", "sshd"));
  const commands = text.split("\n").filter((line) => line.startsWith("#$ ")).map((line) => line.slice(3));
  const check = commands.slice(commands.findIndex((line) => line.startsWith("for folder in"))).slice(0, 3).join("\n");
  await Deno.mkdir(here.path("upload"));
  await run("sh", "-e", "-c", check);
  await Deno.symlink("/etc", here.path("upload/bak"));
  await assert.rejects(run("sh", "-e", "-c", check), /upload\/bak is a symbolic link that rosterd did not create/);
});

Deno.test("a path that cannot be printed exits with 78, and an unknown text with 64", async () => {
  await using here = await Workplace.make();
  const blank = await here.run("print", "systemd", "--upload", "/srv/my upload");
  assert.deepEqual([blank.code, blank.out], [78, ""]);
  assert.match(blank.err, /cannot print the path "\/srv\/my upload"/);
  for (const what of ["sshd", "vsftpd"]) {
    const whole = await here.run("print", what, "--upload", "/upload");
    assert.deepEqual([whole.code, whole.out], [78, ""]);
    assert.match(whole.err, /choose a folder such as \/srv\/rosterd\/upload with --upload/);
  }
  const nothing = await here.run("print");
  assert.equal(nothing.code, 64);
  assert.match(
    nothing.err,
    /^rosterd: incomplete command "print"; choose one of: print systemd, print compose, .*, print sample\n/,
  );
  const mistyped = await here.run("imprt", "x.csv");
  assert.equal(mistyped.code, 64);
  assert.match(mistyped.err, /^rosterd: unknown command "imprt"\. Did you mean "import"\?\n/);
  const unknown = await here.run("print", "initd");
  assert.equal(unknown.code, 64);
  assert.match(unknown.err, /^rosterd: unknown command "print initd"; choose one of: print systemd, /);
});

withPrograms("systemd accepts the printed unit", ["systemd-analyze"], async () => {
  await using here = await Workplace.make();
  for (const listen of ["127.0.0.1:8080", "[::1]:80"]) {
    const unit = good(await here.run("print", "systemd", ...FOLDERS, "--listen", listen, "--hosts", "a.edu,b.edu"));
    // This test does not install the program itself.
    await here.write(
      "rosterd.service",
      unit.replace("ExecStart=/usr/local/bin/rosterd", `ExecStart=${FROM_SOURCE[0]}`),
    );
    const { success, stdout, stderr } = await new Deno.Command(pathOfProgram("systemd-analyze")!, {
      args: ["verify", here.path("rosterd.service")],
    }).output();
    const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
    assert.ok(success, said);
    assert.match(unit, /^# \/usr\/local\/bin\/rosterd is the compiled program/m);
    assert.match(unit, /^Environment=ROSTERD_HOSTS=a\.edu,b\.edu$/m);
    assert.doesNotMatch(said, /rosterd\.service:/);
    const writable = "/srv/rosterd/upload /var/lib/rosterd /etc/rosterd";
    assert.ok(unit.includes(`\nReadWritePaths=${writable}\n`), "rosterd writes nowhere else");
    assert.equal(unit.includes("\nAmbientCapabilities=CAP_NET_BIND_SERVICE\n"), listen.endsWith(":80"));
  }
});

Deno.test("systemd restarts a service that failed or is silent, but not after a wrong command line or configuration", async () => {
  await using here = await Workplace.make();
  const unit = good(await here.run("print", "systemd", ...FOLDERS));
  assert.match(unit, /^Restart=on-failure$/m);
  assert.doesNotMatch(unit, /^(Environment=ROSTERD_HOSTS|AmbientCapabilities)=/m, "no line without effect");
  assert.match(unit, new RegExp(`^RestartPreventExitStatus=${EXIT.usage} ${EXIT.configuration}$`, "m"));
  for (const line of ["Type=notify", "NotifyAccess=main", "WatchdogSec=120", "LimitNOFILE=65536"]) {
    assert.match(unit, new RegExp(`^${line}$`, "m"));
  }
});

Deno.test("the shell accepts the printed commands, and no placeholder is left", async () => {
  await using here = await Workplace.make();
  for (const what of SERVERS) {
    const text = good(await here.run("print", what, ...FOLDERS));
    const commands = text.split("\n").filter((line) => line.startsWith("#$ ")).map((line) => line.slice(3));
    assert.ok(commands.length > 10, what);
    await run("sh", "-n", "-c", commands.join("\n"));
    assert.doesNotMatch(text, /\{\{|\}\}/, what);
  }
});

Deno.test("a unit does not hide folders in a home or in /tmp from the service", async () => {
  await using here = await Workplace.make();
  const hiding = async (folder: string) => {
    const folders = ["--upload", `${folder}/upload`, "--data", `${folder}/data`, "--settings", `${folder}/s.json`];
    const unit = good(await here.run("print", "systemd", ...folders));
    return ["ProtectHome", "PrivateTmp"].map((name) => new RegExp(`^${name}=(.*)$`, "m").exec(unit)![1]);
  };
  assert.deepEqual(await hiding("/srv/rosterd"), ["yes", "yes"]);
  assert.deepEqual(await hiding("/home/nobody-at-all"), ["read-only", "yes"]);
  assert.deepEqual(await hiding("/tmp/nothing-at-all"), ["yes", "no"]);
});

Deno.test("the printed Compose file is valid YAML with the settings of each container", async () => {
  await using here = await Workplace.make();
  const text = good(await here.run("print", "compose", ...FOLDERS, "--listen", "10.0.0.5:9000", "--hosts", "a.edu"));
  const { services: { rosterd, database }, volumes, secrets } = parse(text);
  assert.equal(rosterd.image, `rosterd:${manifest.version}`);
  assert.deepEqual(rosterd.ports, ["10.0.0.5:9000:8080"]);
  assert.equal(rosterd.environment.ROSTERD_HOSTS, "a.edu,10.0.0.5");
  assert.deepEqual(rosterd.healthcheck.test, ["CMD", "rosterd", "healthcheck"]);
  assert.deepEqual(rosterd.depends_on, { database: { condition: "service_healthy" } });
  const mounts = rosterd.volumes.map(({ source, target }: Record<string, string>) => [source, target]);
  assert.deepEqual(mounts, [["/srv/rosterd/upload", "/upload"], ["/var/lib/rosterd", "/data"]]);
  const handed = [...rosterd.secrets, ...database.secrets];
  assert.deepEqual(handed, Object.keys(secrets));
  assert.equal(rosterd.environment.DATABASE_URL_FILE, "/run/secrets/database-url");
  assert.equal(database.environment.POSTGRES_PASSWORD_FILE, "/run/secrets/database-password");
  assert.deepEqual(volumes, { database: null });
});

withPrograms("sshd accepts the printed configuration", ["sshd", "ssh-keygen"], async () => {
  await using here = await Workplace.make();
  await run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", here.path("host"));
  await here.write("rosterd.conf", good(await here.run("print", "sshd", ...FOLDERS)));
  const settings = [`HostKey ${here.path("host")}`, `Include ${here.path("rosterd.conf")}`, "LogLevel INFO", ""];
  await here.write("sshd_config", settings.join("\n"));
  // Once all other checks have passed, sshd reports the missing folder, which only root can create.
  const said = await run("sshd", "-t", "-f", here.path("sshd_config")).catch(({ message }) => message);
  assert.match(said, /^(|sshd: Missing privilege separation directory: .*\n)$/);
});
