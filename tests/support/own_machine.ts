/**
 * A separate "machine" for actions that require root: a mount namespace with a copy of `/etc` and empty `/srv`, `/run`,
 * `/var/lib` and `/var/log`. Accounts and folders on the machine disappear along with it. The machine shares the host's
 * processes and network. Requires Linux and root with the right to mount file systems.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { missingPrograms, pathOfProgram, run } from "./programs.ts";

const CHECKOUT = fileURLToPath(new URL("../..", import.meta.url));

/** `$1` contains Deno, its packages and this checkout, all readable by every user on the machine. */
const SETUP = `
set -e
mount -t tmpfs -o mode=0755 none "$1"
touch "$1/deno" && mount --bind "$2" "$1/deno"
mkdir "$1/packages" && mount --bind "$3" "$1/packages"
mkdir "$1/rosterd" && mount --bind "$4" "$1/rosterd"
cp -a /etc "$1/etc" && mount --bind "$1/etc" /etc
for folder in /srv /run /var/lib /var/log; do mount -t tmpfs -o mode=0755 none "$folder"; done
echo ready
exec cat`;

/** Why a separate machine cannot be created here; null if it can. */
export async function noMachine(): Promise<string | null> {
  if (Deno.build.os !== "linux" || Deno.uid() !== 0) return "a machine of its own needs Linux and root";
  const missing = missingPrograms("unshare", "nsenter", "setpriv");
  if (missing !== null) return missing;
  const mount = ["--mount", "mount", "-t", "tmpfs", "none", "/srv"];
  const { success } = await new Deno.Command("unshare", { args: mount, stderr: "null" }).output();
  return success ? null : "this machine does not allow mounts";
}

export class OwnMachine implements AsyncDisposable {
  private constructor(private readonly process: Deno.ChildProcess, private readonly base: string) {}

  static async start(): Promise<OwnMachine> {
    const { denoDir } = JSON.parse(await run(Deno.execPath(), "info", "--json"));
    const base = await Deno.makeTempDir({ prefix: "rosterd-machine-" });
    const process = new Deno.Command("unshare", {
      args: ["--mount", "sh", "-c", SETUP, "sh", base, await Deno.realPath(Deno.execPath()), denoDir, CHECKOUT],
      // When its input is closed, the process ends, even if the test is killed.
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const { value } = await process.stdout.getReader().read();
    if (value === undefined) throw new Error("the machine did not start");
    return new OwnMachine(process, base);
  }

  /** The host path that corresponds to a path on the machine. */
  at(path: string): string {
    return join(`/proc/${this.process.pid}/root`, path);
  }

  /** The command for running a program on the machine. */
  get on(): string[] {
    return [pathOfProgram("nsenter")!, "--target", String(this.process.pid), "--mount", "--"];
  }

  /** The command for running rosterd from source as a user of the machine. */
  rosterdAs(user: string): string[] {
    const become = [
      "setpriv",
      "--reuid",
      user,
      "--regid",
      user,
      "--init-groups",
      "--inh-caps=-all",
      "--bounding-set=-all",
    ];
    const environment = ["env", `DENO_DIR=${this.base}/packages`];
    const program = [`${this.base}/deno`, "run", "-A", "--quiet", "--cached-only", `${this.base}/rosterd/main.ts`];
    return [...this.on, ...become, ...environment, ...program];
  }

  /** Runs a shell script on the machine as root. Throws the script's output if it fails. */
  async shell(script: string): Promise<string> {
    const [program, ...args] = [...this.on, "sh", "-e", "-c", script];
    return await run(program, ...args);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.process.stdin.close();
    await this.process.stdout.cancel().catch(() => {});
    await this.process.status;
    await Deno.remove(this.base);
  }
}
