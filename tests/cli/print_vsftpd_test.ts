/**
 * Sets up vsftpd from the output of `rosterd print vsftpd`, following its first lines, and uses it with curl and lftp.
 */
import assert from "node:assert/strict";
import { freePort, startDaemon } from "../support/daemon.ts";
import { missingPrograms, pathOfProgram } from "../support/programs.ts";
import { until } from "../support/until.ts";
import { noPrintedPlace, PrintedPlace, UPLOAD } from "./printed_place.ts";

const unavailable = missingPrograms("vsftpd", "openssl", "curl", "lftp") ?? await noPrintedPlace();
if (unavailable !== null) console.error(`LEFT OUT: the tests of ${import.meta.url}: ${unavailable}`);

const PASSWORD = "secret-of-the-test";
const DROP_IN = "/etc/systemd/system/vsftpd.service.d/rosterd.conf";

/** FTP commands that must be refused when an uploader sends them. */
const ATTACKS = [
  ["RNFR bak", "RNTO away"],
  ["RNFR .rosterd", "RNTO away"],
  ["RNFR mine.csv", "RNTO bak/mine.csv"],
  ["RNFR other.csv", "RNTO away.csv"],
  ["RNFR mine.csv", "RNTO other.csv"],
  ...["RMD bak", "MKD new", "XMKD new", "DELE other.csv", "SITE CHMOD 777 bak", "CWD bak", "CWD /etc"].map((
    one,
  ) => [one]),
];

Deno.test({
  name: "with the printed vsftpd configuration, an uploader can only upload, and rosterd imports as a separate user",
  ignore: unavailable !== null,
  async fn() {
    await using place = await PrintedPlace.open();
    await place.print("vsftpd");
    const { machine } = place;
    await machine.shell(`install -d /run/vsftpd/empty; echo registry:${PASSWORD} | chpasswd`);
    const [, variable, value] = /^Environment=(.*?)=(.*)$/m.exec(await Deno.readTextFile(machine.at(DROP_IN)))!;
    const port = freePort();
    const address = [`-olisten_port=${port}`, "-olisten_address=127.0.0.1", "-obackground=NO"];
    const [nsenter, ...on] = machine.on;
    const words = [...on, pathOfProgram("vsftpd")!, "/etc/vsftpd.conf", ...address];
    await using _server = await startDaemon(nsenter, words, port, { env: { [variable]: value } });
    const host = (await machine.shell("uname -n")).trim();
    const trust = await machine.shell("openssl x509 -in /etc/ssl/private/rosterd-vsftpd.pem");
    const work = await Deno.makeTempDir();
    const [certificate, local] = [`${work}/certificate.pem`, `${work}/roster.csv`];
    try {
      await Deno.writeTextFile(certificate, trust);
      await Deno.writeTextFile(local, await place.rosterd("print", "sample"));
      const curl = async (...more: string[]) => {
        const login = ["--user", `registry:${PASSWORD}`, "--resolve", `${host}:${port}:127.0.0.1`];
        const args = ["--disable", "--silent", "--show-error", ...login, ...more];
        const { code, stderr } = await new Deno.Command("curl", { args, stdin: "null", stdout: "null" }).output();
        return { code, said: new TextDecoder().decode(stderr) };
      };
      const server = `ftp://${host}:${port}`;
      const safe = ["--ssl-reqd", "--cacert", certificate];
      const upload = (name: string) => curl(...safe, "--upload-file", local, `${server}/${name}`);

      assert.equal((await curl("--upload-file", local, `${server}/plain.csv`)).code, 67, "no login without TLS");
      assert.equal((await curl(...safe, "--tlsv1.3", `${server}/`)).code, 35, "TLS 1.3 is not offered");
      assert.deepEqual(await upload("roster.csv"), { code: 0, said: "" });
      const [{ file, created, failed, bak_file }] = await place.turn();
      assert.deepEqual([file, created, failed, await place.usersInDatabase()], ["roster.csv", 3, 0, 3]);
      assert.ok((await place.listing()).includes(`registry rosterd-upload 640 bak/${bak_file}`));
      await machine.shell(`rm ${UPLOAD}/bak/*; echo x > ${UPLOAD}/other.csv`);

      await lftp(`ftp://127.0.0.1:${port}`, `put ${local} -o mine.csv`);
      const before = await machine.shell(`ls -di ${UPLOAD}/bak ${UPLOAD}/.rosterd`);
      for (const attack of ATTACKS) {
        const { code, said } = await curl(...safe, ...attack.flatMap((word) => ["--quote", word]), `${server}/`);
        assert.deepEqual([code, /QUOT command failed/.test(said)], [21, true], `${attack}: ${said}`);
      }
      for (const name of ["bak/planted.csv", ".rosterd/planted.csv", "other.csv", "%2fplanted.csv"]) {
        assert.match((await upload(name)).said, /denied|Failed/, name);
      }
      assert.deepEqual(await place.listing(), [
        "registry rosterd-upload 640 mine.csv",
        "root rosterd-upload 644 other.csv",
        "rosterd rosterd 2700 .rosterd",
        "rosterd rosterd 2750 bak",
        "rosterd rosterd-upload 3770",
      ]);
      assert.equal(await machine.shell(`ls -di ${UPLOAD}/bak ${UPLOAD}/.rosterd`), before);
      const mine = await until(
        "mine.csv is imported",
        async () => (await place.turn()).find(({ file }) => file === "mine.csv") ?? null,
      );
      assert.deepEqual([mine.unchanged, (await place.status()).folder.usable], [3, true]);
    } finally {
      await Deno.remove(work, { recursive: true });
    }
  },
});

Deno.test({
  name: "by FTPS, the account of a feed can upload into its folder, but cannot see other feeds",
  ignore: unavailable !== null,
  async fn() {
    await using place = await PrintedPlace.open(
      ...([["vsftpd"], ["vsftpd", "--feed", "staff"], ["vsftpd", "--feed", "students"]] as const),
    );
    const { machine } = place;
    await place.rosterd(
      ...["settings", "set", "feeds.students.date_format=DD/MM/YYYY", "feeds.staff.date_format=YYYY-MM-DD"],
      ...["--upload", UPLOAD, "--data", "/var/lib/rosterd", "--settings", "/var/lib/rosterd/settings.json"],
    );
    await machine.shell(`install -d /run/vsftpd/empty; echo rosterd-students:${PASSWORD} | chpasswd`);
    const users = await Deno.readTextFile(machine.at("/etc/vsftpd.rosterd-users"));
    assert.deepEqual(users.trim().split("\n"), ["registry", "rosterd-staff", "rosterd-students"]);
    const [, variable, value] = /^Environment=(.*?)=(.*)$/m.exec(await Deno.readTextFile(machine.at(DROP_IN)))!;
    const port = freePort(), [nsenter, ...on] = machine.on;
    const address = [`-olisten_port=${port}`, "-olisten_address=127.0.0.1", "-obackground=NO"];
    const words = [...on, pathOfProgram("vsftpd")!, "/etc/vsftpd.conf", ...address];
    await using _server = await startDaemon(nsenter, words, port, { env: { [variable]: value } });
    const local = await Deno.makeTempFile({ suffix: ".csv" });
    try {
      await Deno.writeTextFile(local, "unique_id,login_source,data_of_birth\n1,ldap,31/12/2007\n");
      const curl = async (...more: string[]) => {
        const login = ["--user", `rosterd-students:${PASSWORD}`, "--insecure", "--ssl-reqd"];
        const args = ["--disable", "--silent", "--show-error", ...login, ...more];
        const { code, stdout } = await new Deno.Command("curl", { args, stdin: "null", stderr: "null" }).output();
        return { code, out: new TextDecoder().decode(stdout) };
      };
      const server = `ftp://127.0.0.1:${port}`;
      await machine.shell(`install -o rosterd-staff -g rosterd-staff -m 640 /dev/null ${UPLOAD}/staff/theirs.csv`);

      assert.equal((await curl("--upload-file", local, `${server}/roster.csv`)).code, 0);
      for (const path of ["staff/", "", "staff/theirs.csv", "bak/"]) {
        const { code, out } = await curl(`${server}/%2fupload/${path}`);
        assert.deepEqual([code !== 0 || out === "", out.includes("theirs")], [true, false], path);
      }
      for (const path of ["staff/planted.csv", "planted.csv", "bak/planted.csv"]) {
        assert.notEqual((await curl("--upload-file", local, `${server}/%2fupload/${path}`)).code, 0, path);
      }
      const imported = (await place.turn()).filter(({ feed }) => feed === "students");
      assert.deepEqual(imported.map(({ file, created }) => [file, created]), [["roster.csv", 1]]);
    } finally {
      await Deno.remove(local);
    }
  },
});

/** The certificate does not contain the address, so this test does not verify the certificate. */
async function lftp(server: string, command: string): Promise<void> {
  const settings = ["set ftp:ssl-force true", "set ftp:ssl-protect-data true", "set ssl:verify-certificate no"];
  const login = `open -u registry,${PASSWORD} ${server}`;
  const args = ["--norc", "-c", [...settings, "set net:max-retries 1", login, command, "bye"].join("; ")];
  const { success, stderr } = await new Deno.Command("lftp", { args, stdin: "null", stdout: "null" }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
}
