/**
 * Upload clients: OpenSSH's `sftp`, `lftp` and `curl`, over SFTP and FTPS. Each client runs as a process that a test
 * can stop, resume and kill.
 */
import { join } from "node:path";
import type { FtpsServer } from "../../support/ftps_server.ts";
import type { SftpServer } from "../../support/sftp_server.ts";

/** Programs that must be installed in addition to the servers. */
export const CLIENT_PROGRAMS = ["sftp", "lftp", "curl"];

export interface Job {
  /** The path to the local file. */
  local: string;
  /** The name of the file in the upload folder. */
  name: string;
  /** Bytes per second; unlimited by default. */
  speed?: number;
  /** Whether to append to the partial upload. */
  resume?: boolean;
  /** Whether to upload the file under the client's temporary name and rename it at the end. */
  temporaryName?: boolean;
}

export interface Client {
  /** The client's name as used in file names, for example `lftp-ftps`. */
  readonly name: string;
  start(job: Job): Upload;
}

export class Upload {
  readonly #process: Deno.ChildProcess;
  readonly #output: Promise<Deno.CommandOutput>;
  ended = false;

  constructor(program: string, args: readonly string[], input = "") {
    const command = new Deno.Command(program, {
      args: [...args],
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
      env: { LC_ALL: "C" },
    });
    this.#process = command.spawn();
    this.#output = this.#process.output().finally(() => this.ended = true);
    const writer = this.#process.stdin.getWriter();
    // When the client is killed, its end of the pipe is closed.
    writer.write(new TextEncoder().encode(input)).then(() => writer.close()).catch(() => {});
  }

  /** Resolves if the client succeeds. Otherwise, throws the client's output. */
  async done(): Promise<void> {
    const { success, stdout, stderr } = await this.#output;
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    if (!success) throw new Error(`the upload failed: ${text(stderr)}${text(stdout)}`);
  }

  /** Sends SIGKILL so that the client cannot clean up. */
  async kill(): Promise<void> {
    if (!this.ended) this.#process.kill("SIGKILL");
    await this.#output;
  }

  /** Stops the client, simulating a hanging network. */
  stop(): void {
    this.#process.kill("SIGSTOP");
  }

  goOn(): void {
    this.#process.kill("SIGCONT");
  }
}

/** The block size of `sftp`. The size of a partial upload is a multiple of the block size. */
export const SFTP_BLOCK = 32_768;

export function sftp(server: SftpServer): Client & { batch(...commands: readonly string[]): Upload } {
  const batch = (commands: readonly string[], more: readonly string[] = []) => {
    const where = ["-P", String(server.port), `${server.user}@127.0.0.1`];
    return new Upload("sftp", ["-b", "-", ...server.options, ...more, ...where], commands.join("\n") + "\n");
  };
  return {
    name: "sftp",
    batch: (...commands) => batch(commands),
    start({ local, name, speed, resume, temporaryName }) {
      const target = temporaryName ? `${name}.part` : name;
      const limit = speed === undefined ? [] : ["-l", String(Math.ceil(speed * 8 / 1_024))];
      const commands = [`${resume ? "reput" : "put"} ${local} ${target}`];
      if (temporaryName) commands.push(`rename ${target} ${name}`);
      return batch(commands, ["-B", String(SFTP_BLOCK), ...limit]);
    },
  };
}

export function lftpOverSftp(server: SftpServer): Client {
  const connect = `set sftp:connect-program "ssh -a -x ${server.options.join(" ")}"`;
  return lftp("lftp-sftp", [connect], `sftp://${server.user}:none@127.0.0.1:${server.port}`, "");
}

export function lftpOverFtps(server: FtpsServer, folder: string): Client {
  // TLS 1.3 is turned off, as it is for curl, because vsftpd sometimes resets the connection at the end of a file.
  const settings = [
    "set ssl:priority NORMAL:-VERS-TLS1.3",
    ...[`set ssl:ca-file ${server.certificate}`, "set ftp:ssl-force true", "set ftp:ssl-protect-data true"],
  ];
  return lftp("lftp-ftps", settings, `ftp://anonymous:none@127.0.0.1:${server.port}`, `${folder}/`);
}

function lftp(client: string, settings: readonly string[], address: string, folder: string): Client {
  return {
    name: client,
    start({ local, name, speed, resume, temporaryName }) {
      const more = [
        "set net:max-retries 1",
        ...(speed === undefined ? [] : [`set net:limit-rate 0:${speed}`]),
        ...(temporaryName ? ["set xfer:use-temp-file true"] : []),
      ];
      const put = `put ${resume ? "-c " : ""}${local} -o ${folder}${name}`;
      const commands = [...settings, ...more, `open ${address}`, put, "bye"];
      return new Upload("lftp", ["--norc", "-c", commands.join("; ")]);
    },
  };
}

export function curlOverSftp(server: SftpServer): Client {
  const login = ["--key", server.key, "--pubkey", `${server.key}.pub`, "--user", `${server.user}:`, "--insecure"];
  const rename = (from: string, to: string) => [
    ...["--quote", `-rename ${join(server.folder, from)} ${join(server.folder, to)}`],
  ];
  return curl("curl-sftp", login, `sftp://127.0.0.1:${server.port}${server.folder}`, rename);
}

export function curlOverFtps(server: FtpsServer, folder: string): Client {
  // With TLS 1.3, curl 7.88 closes the connection before vsftpd's last message, and vsftpd resets the connection: "got
  // 426".
  const login = ["--ssl-reqd", "--tls-max", "1.2", "--cacert", server.certificate];
  const rename = (from: string, to: string) => ["--quote", `-RNFR ${from}`, "--quote", `-RNTO ${to}`];
  return curl("curl-ftps", login, `ftp://127.0.0.1:${server.port}/${folder}`, rename);
}

function curl(
  client: string,
  login: readonly string[],
  address: string,
  rename: (from: string, to: string) => readonly string[],
): Client {
  return {
    name: client,
    start({ local, name, speed, resume, temporaryName }) {
      const target = temporaryName ? `${name}.part` : name;
      return new Upload("curl", [
        ...["--disable", "--silent", "--show-error", ...login],
        ...(speed === undefined ? [] : ["--limit-rate", String(speed)]),
        ...(resume ? ["--continue-at", "-"] : []),
        ...(temporaryName ? rename(target, name) : []),
        ...["--upload-file", local, `${address}/${target}`],
      ]);
    },
  };
}

/** The temporary names that the clients use. */
export function temporaryNames(name: string): string[] {
  return [`${name}.part`, `.in.${name}`];
}
