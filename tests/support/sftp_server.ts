/**
 * Runs OpenSSH's sshd with `internal-sftp` on a free port of 127.0.0.1, with its keys, settings and log in a temporary
 * folder. The only other change to the system is an empty `/run/sshd` folder, which sshd requires when it runs as root.
 * The user who runs the test, even root, logs in with the test's key.
 */
import { mkdir } from "node:fs/promises";
import { userInfo } from "node:os";
import { join } from "node:path";
import { freePort, startDaemon } from "./daemon.ts";
import { pathOfProgram, run } from "./programs.ts";

/** The required Debian packages: `openssh-server` and `openssh-client`. */
export const SFTP_PROGRAMS = ["sshd", "sftp", "ssh-keygen"];

export interface SftpServer extends AsyncDisposable {
  readonly port: number;
  readonly user: string;
  /** The folder that a client begins in. */
  readonly folder: string;
  /** The client's private key. The public key is in the file with the same name plus `.pub`. */
  readonly key: string;
  /**
   * Options for `ssh` and `sftp`, so that they use only this key and this server and none of the machine's settings.
   */
  readonly options: readonly string[];
}

/** Starts a server for `folder`. */
export function startSftpServer(folder: string): Promise<SftpServer> {
  const settings = (key: string) => [
    `AuthorizedKeysFile ${key}`,
    "StrictModes no",
    "PermitRootLogin prohibit-password",
    "PasswordAuthentication no",
    // Many clients may log in simultaneously.
    "MaxStartups 100",
    "Subsystem sftp internal-sftp",
    `ForceCommand internal-sftp -d ${folder}`,
  ];
  return startSshd({ user: userInfo().username, folder, settings });
}

export interface SshdOptions {
  /** The name of the user who logs in. */
  user: string;
  /** The folder that a client begins in. */
  folder: string;
  /** Returns the server's other settings, given the client's public key. */
  settings: (key: string) => readonly string[];
  /** The command prefix that runs a program on another machine. */
  on?: readonly string[];
}

/** Starts sshd with the caller's settings. */
export async function startSshd({ user, folder, settings, on = [] }: SshdOptions): Promise<SftpServer> {
  await using starting = new AsyncDisposableStack();
  const own = await Deno.makeTempDir({ prefix: "rosterd-sshd-" });
  starting.defer(() => Deno.remove(own, { recursive: true }));
  const at = (name: string) => join(own, name);
  for (const name of ["host", "client"]) await run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", at(name));
  if (Deno.uid() === 0) await mkdir("/run/sshd", { recursive: true, mode: 0o755 });
  const port = freePort();
  await Deno.writeTextFile(at("known_hosts"), `[127.0.0.1]:${port} ${await Deno.readTextFile(at("host.pub"))}`);
  const address = [`ListenAddress 127.0.0.1:${port}`, `HostKey ${at("host")}`, "PidFile none", "UsePAM no"];
  await Deno.writeTextFile(at("sshd_config"), [...address, ...settings(at("client.pub")), ""].join("\n"));
  const [program, ...words] = [...on, pathOfProgram("sshd")!, "-D", "-f", at("sshd_config"), "-E", at("log")];
  starting.use(await startDaemon(program, words, port));
  const running = starting.move();
  return {
    port,
    user,
    folder,
    key: at("client"),
    options: [
      "-F",
      "none",
      "-i",
      at("client"),
      ...optionsOf({
        IdentitiesOnly: "yes",
        BatchMode: "yes",
        StrictHostKeyChecking: "yes",
        UserKnownHostsFile: at("known_hosts"),
      }),
    ],
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

function optionsOf(options: Record<string, string>): string[] {
  return Object.entries(options).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
}
