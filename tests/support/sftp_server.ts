/**
 * OpenSSH's sshd with `internal-sftp` on a free port of 127.0.0.1, with keys, settings and log in a temporary folder. Nothing
 * of the system is changed, but that the empty folder `/run/sshd` is made, which sshd wants as root.
 *
 * Whoever runs the test may log in, with the key of the test: as root, root.
 */
import { mkdir } from "node:fs/promises";
import { userInfo } from "node:os";
import { join } from "node:path";
import { freePort, startDaemon } from "./daemon.ts";
import { run } from "./programs.ts";

/** What must be installed: Debian's `openssh-server` and `openssh-client`. */
export const SFTP_PROGRAMS = ["sshd", "sftp", "ssh-keygen"];

export interface SftpServer extends AsyncDisposable {
  readonly port: number;
  readonly user: string;
  /** The folder that a client begins in. */
  readonly folder: string;
  /** The client's private key; the public one stands beside it, `.pub`. */
  readonly key: string;
  /** Options for `ssh` and `sftp`: that key and no other, this server and no other, no settings of the machine. */
  readonly options: readonly string[];
}

/** Serves `folder`. */
export async function startSftpServer(folder: string): Promise<SftpServer> {
  await using starting = new AsyncDisposableStack();
  const own = await Deno.makeTempDir({ prefix: "rosterd-sshd-" });
  starting.defer(() => Deno.remove(own, { recursive: true }));
  const at = (name: string) => join(own, name);
  for (const name of ["host", "client"]) await run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", at(name));
  if (Deno.uid() === 0) await mkdir("/run/sshd", { recursive: true, mode: 0o755 });
  const port = freePort();
  await Deno.writeTextFile(at("known_hosts"), `[127.0.0.1]:${port} ${await Deno.readTextFile(at("host.pub"))}`);
  await Deno.writeTextFile(at("sshd_config"), settings(at, folder, port));
  starting.use(await startDaemon("sshd", ["-D", "-f", at("sshd_config"), "-E", at("log")], port));
  const running = starting.move();
  return {
    port,
    user: userInfo().username,
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

function settings(at: (name: string) => string, folder: string, port: number): string {
  return [
    `ListenAddress 127.0.0.1:${port}`,
    `HostKey ${at("host")}`,
    `AuthorizedKeysFile ${at("client.pub")}`,
    "PidFile none",
    "StrictModes no",
    "UsePAM no",
    "PermitRootLogin prohibit-password",
    "PasswordAuthentication no",
    // Many clients log in at once.
    "MaxStartups 100",
    "Subsystem sftp internal-sftp",
    `ForceCommand internal-sftp -d ${folder}`,
    "",
  ].join("\n");
}

function optionsOf(options: Record<string, string>): string[] {
  return Object.entries(options).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
}
