/**
 * Runs vsftpd with TLS on a free port of 127.0.0.1, with its certificate, settings and log in a temporary folder.
 * Clients are anonymous, so the server needs only the user `ftp` from Debian's package; uploads belong to that user.
 * Requires root, because vsftpd does not start without it.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { freePort, startDaemon } from "./daemon.ts";
import { run } from "./programs.ts";

/** The required Debian packages: `vsftpd` and `openssl`. */
export const FTPS_PROGRAMS = ["vsftpd", "openssl"];

export interface FtpsServer extends AsyncDisposable {
  readonly port: number;
  /** The path to the server's certificate, which clients must trust. */
  readonly certificate: string;
}

export interface FtpsOptions {
  /** The umask for uploaded files. vsftpd's default results in mode 0600. */
  umask?: string;
}

/** Serves `root`. vsftpd refuses a root that `ftp` can write to, but folders within it may be writable. */
export async function startFtpsServer(root: string, { umask = "022" }: FtpsOptions = {}): Promise<FtpsServer> {
  await using starting = new AsyncDisposableStack();
  const own = await Deno.makeTempDir({ prefix: "rosterd-vsftpd-" });
  starting.defer(() => Deno.remove(own, { recursive: true }));
  const at = (name: string) => join(own, name);
  const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"];
  const kind = ["-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"];
  await run("openssl", "req", ...kind, "-keyout", at("key.pem"), "-out", at("certificate.pem"), ...subject);
  await mkdir(at("empty"), { mode: 0o755 });
  const port = freePort();
  await Deno.writeTextFile(at("vsftpd.conf"), settings(at, root, port, umask));
  starting.use(await startDaemon("vsftpd", [at("vsftpd.conf")], port));
  const running = starting.move();
  return { port, certificate: at("certificate.pem"), [Symbol.asyncDispose]: () => running.disposeAsync() };
}

function settings(at: (name: string) => string, root: string, port: number, umask: string): string {
  return [
    ...["listen=YES", "listen_address=127.0.0.1", `listen_port=${port}`, "background=NO"],
    ...["anonymous_enable=YES", "no_anon_password=YES", "ftp_username=ftp", `anon_root=${root}`, `anon_umask=${umask}`],
    ...["write_enable=YES", "anon_upload_enable=YES", "anon_other_write_enable=YES", "anon_world_readable_only=NO"],
    ...["ssl_enable=YES", "allow_anon_ssl=YES", "force_anon_logins_ssl=YES", "force_anon_data_ssl=YES"],
    ...[`rsa_cert_file=${at("certificate.pem")}`, `rsa_private_key_file=${at("key.pem")}`, "ssl_ciphers=HIGH"],
    // curl and lftp start a separate TLS session for the data.
    "require_ssl_reuse=NO",
    `secure_chroot_dir=${at("empty")}`,
    ...["xferlog_enable=YES", `vsftpd_log_file=${at("log")}`],
    // vsftpd's list of allowed system calls is too old for the OpenSSL it uses, and containers do not allow namespaces.
    ...["seccomp_sandbox=NO", "isolate=NO", "isolate_network=NO"],
    "",
  ].join("\n");
}
