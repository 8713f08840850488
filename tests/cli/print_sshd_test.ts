/**
 * Sets up OpenSSH from the output of `rosterd print sshd`, following its first lines, and uses it with real clients.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { sftp } from "../faults/uploads/clients.ts";
import { missingPrograms, pathOfProgram } from "../support/programs.ts";
import { SFTP_PROGRAMS, type SftpServer, startSshd } from "../support/sftp_server.ts";
import { noPrintedPlace, PrintedPlace, UPLOAD } from "./printed_place.ts";

const unavailable = missingPrograms(...SFTP_PROGRAMS, "ssh") ?? await noPrintedPlace();
if (unavailable !== null) console.error(`LEFT OUT: the tests of ${import.meta.url}: ${unavailable}`);

const KEYS = "/etc/ssh/rosterd-keys/registry";
const FOLDERS = [
  "registry rosterd-upload 640 mine.csv",
  "root rosterd-upload 644 other.csv",
  "rosterd rosterd 2700 .rosterd",
  "rosterd rosterd 2750 bak",
  "rosterd rosterd-upload 3770",
];

/** Actions that an uploader must not be able to perform. */
const ATTACKS = [
  ...["rename bak away", "rename .rosterd away", "rename mine.csv bak", "rename mine.csv bak/mine.csv"],
  ...["rmdir bak", "rmdir .rosterd", "mkdir new", "symlink /etc link.csv", "ln mine.csv twice.csv"],
  ...["put LOCAL bak/planted.csv", "put LOCAL .rosterd/planted.csv", "put LOCAL other.csv", "put LOCAL /planted.csv"],
  ...["chmod 777 bak", "chmod 777 .", "rm other.csv", "rename other.csv away.csv"],
  ...["ls bak", "ls .rosterd", "get /etc/passwd LOCAL.passwd", "get ../../etc/passwd LOCAL.passwd"],
];

Deno.test({
  name: "with the printed sshd configuration, an uploader can only upload, and rosterd imports as a separate user",
  ignore: unavailable !== null,
  async fn() {
    await using place = await PrintedPlace.open();
    await place.print("sshd");
    const { machine } = place;
    await machine.shell("install -d /run/sshd");
    const settings =
      () => ["Include /etc/ssh/sshd_config.d/rosterd.conf", "Subsystem sftp /usr/lib/openssh/sftp-server"];
    await using server = await startSshd({ user: "registry", folder: "/upload", settings, on: machine.on });
    await Deno.writeTextFile(machine.at(KEYS), await Deno.readTextFile(`${server.key}.pub`), { append: true });
    const client = sftp(server);
    const local = join(server.key, "../roster.csv");
    await Deno.writeTextFile(local, await place.rosterd("print", "sample"));
    assert.deepEqual(await place.complaints(), ["mail", "retention"]);

    await client.batch(`put ${local} roster.csv.part`, "rename roster.csv.part roster.csv").done();
    const [{ file, created, failed, bak_file }] = await place.turn();
    assert.deepEqual([file, created, failed, await place.usersInDatabase()], ["roster.csv", 3, 0, 3]);
    assert.ok((await place.listing()).includes(`registry rosterd-upload 640 bak/${bak_file}`));
    await machine.shell(`rm ${UPLOAD}/bak/*`);

    await client.batch(`put ${local} mine.csv.part`, "rename mine.csv.part mine.csv").done();
    await machine.shell(`echo x > ${UPLOAD}/other.csv`);
    const before = await machine.shell(`ls -di ${UPLOAD}/bak ${UPLOAD}/.rosterd`);
    await refused(server, ATTACKS.map((attack) => attack.replaceAll("LOCAL", local)));
    assert.deepEqual(await place.listing(), FOLDERS);
    assert.equal(await machine.shell(`ls -di ${UPLOAD}/bak ${UPLOAD}/.rosterd`), before);
    await client.batch("ls", "rm mine.csv").done();

    assert.notEqual(await login(server, [], ["id"]), 0, "no shell");
    assert.notEqual(
      await login(server, ["-N", "-o", "ExitOnForwardFailure=yes", "-R", "0:127.0.0.1:1"]),
      0,
      "no tunnel",
    );
    await client.batch(`put ${local} again.csv.part`, "rename again.csv.part again.csv").done();
    const again = (await place.turn()).find(({ file }) => file === "again.csv");
    assert.deepEqual([again?.unchanged, (await place.status()).folder.usable], [3, true]);
  },
});

/** Actions that the account of a feed must not be able to perform. */
const BESIDE = [
  ...["ls /upload", "ls ../staff", "ls /upload/staff", "get ../staff/theirs.csv LOCAL.theirs"],
  ...[
    "get ../root.csv LOCAL.root",
    "put LOCAL ../staff/planted.csv",
    "put LOCAL ../planted.csv",
    "rm ../staff/theirs.csv",
  ],
  ...["rename mine.csv ../staff/mine.csv", "ls bak", "ls .rosterd", "rename bak away", "ls ../bak"],
];

Deno.test({
  name: "the account of a feed can upload into its folder, but cannot see other feeds or the upload folder",
  ignore: unavailable !== null,
  async fn() {
    await using place = await PrintedPlace.open(["sshd"], ["sshd", "--feed", "students"], ["sshd", "--feed", "staff"]);
    const { machine } = place;
    await place.print("sshd");
    await place.rosterd(
      ...["settings", "set", "feeds.students.date_format=DD/MM/YYYY", "feeds.staff.date_format=YYYY-MM-DD"],
      ...["--upload", UPLOAD, "--data", "/var/lib/rosterd", "--settings", "/var/lib/rosterd/settings.json"],
    );
    await machine.shell("install -d /run/sshd");
    const settings = () => ["Include /etc/ssh/sshd_config.d/*.conf", "Subsystem sftp /usr/lib/openssh/sftp-server"];
    const user = "rosterd-students";
    await using server = await startSshd({ user, folder: "/upload/students", settings, on: machine.on });
    await Deno.writeTextFile(machine.at(`/etc/ssh/rosterd-keys/${user}`), await Deno.readTextFile(`${server.key}.pub`));
    const client = sftp(server), local = join(server.key, "../roster.csv");
    await Deno.writeTextFile(local, "unique_id,login_source,data_of_birth\n1,ldap,31/12/2007\n");
    await machine.shell(
      `install -o rosterd-staff -g rosterd-staff -m 640 /dev/null ${UPLOAD}/staff/theirs.csv; ` +
        `install -o registry -g rosterd-upload -m 640 /dev/null ${UPLOAD}/root.csv`,
    );
    await client.batch(`put ${local} mine.csv`).done();

    await refused(server, BESIDE.map((attack) => attack.replaceAll("LOCAL", local)));
    await client.batch("ls", `put ${local} roster.csv.part`, "rename roster.csv.part roster.csv").done();

    const imported = (await place.turn()).filter(({ feed }) => feed === "students");
    assert.deepEqual(imported.map(({ file, status }) => [file, status]), [["mine.csv", "done"], [
      "roster.csv",
      "done",
    ]]);
    assert.deepEqual((await place.status()).feeds.map(({ usable }) => usable), [true, true, true]);
  },
});

/** Runs all commands in one session, which continues after each refusal. Every command must be refused. */
async function refused({ port, user, options }: SftpServer, commands: readonly string[]): Promise<void> {
  const args = ["-q", "-b", "-", "-P", String(port), ...options, `${user}@127.0.0.1`];
  const streams = { stdin: "piped", stdout: "null", stderr: "piped" } as const;
  const process = new Deno.Command(pathOfProgram("sftp")!, { args, ...streams }).spawn();
  const batch = new Blob(commands.map((command) => `-${command}\n`));
  const [{ code, stderr }] = await Promise.all([process.output(), batch.stream().pipeTo(process.stdin)]);
  const said = new TextDecoder().decode(stderr).trim().split("\n");
  assert.deepEqual([code, said.length], [0, commands.length], said.join("\n"));
  for (const line of said) assert.match(line, /Permission denied|not found|Server does not support/);
}

/** The exit code when logging in for anything other than file transfer. */
async function login(server: SftpServer, options: readonly string[], command: readonly string[] = []): Promise<number> {
  const where = ["-p", String(server.port), ...server.options, `${server.user}@127.0.0.1`];
  const args = ["-T", ...options, ...where, ...command];
  return (await new Deno.Command(pathOfProgram("ssh")!, { args, stdin: "null" }).output()).code;
}
