/**
 * A machine of its own for what only root may do: a mount name space with a copy of `/etc`, and with empty `/srv`, `/run`,
 * `/var/lib` and `/var/log`. Accounts and folders that are made there are gone with it. Processes and network are those of the
 * machine around it.
 *
 * Needs Linux, and root with the right to mount.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { missingPrograms, pathOfProgram, run } from "./programs.ts";

const CHECKOUT = fileURLToPath(new URL("../..", import.meta.url));

/** Deno, its packages and this checkout stand in `$1`, readable for every user of the machine. */
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

/** Why there can be none here; null when there can. */
export async function noMachine(): Promise<string | null> {
  if (Deno.build.os !== "linux" || Deno.uid() !== 0) return "a machine of its own needs Linux and root";
  const missing = missingPrograms("unshare", "nsenter", "setpriv");
  if (missing !== null) return missing;
  const mount = ["--mount", "mount", "-t", "tmpfs", "none", "/srv"];
  const { success } = await new Deno.Command("unshare", { args: mount, stderr: "null" }).output();
  return success ? null : "this machine lets nobody mount";
}

export class OwnMachine implements AsyncDisposable {
  private constructor(private readonly process: Deno.ChildProcess, private readonly base: string) {}

  static async start(): Promise<OwnMachine> {
    const { denoDir } = JSON.parse(await run(Deno.execPath(), "info", "--json"));
    const base = await Deno.makeTempDir({ prefix: "rosterd-machine-" });
    const process = new Deno.Command("unshare", {
      args: ["--mount", "sh", "-c", SETUP, "sh", base, await Deno.realPath(Deno.execPath()), denoDir, CHECKOUT],
      // It ends when its input does: also when the test is killed.
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const { value } = await process.stdout.getReader().read();
    if (value === undefined) throw new Error("the machine did not start");
    return new OwnMachine(process, base);
  }

  /** How a path of it is named from outside. */
  at(path: string): string {
    return join(`/proc/${this.process.pid}/root`, path);
  }

  /** The words that run a program on it. */
  get on(): string[] {
    return [pathOfProgram("nsenter")!, "--target", String(this.process.pid), "--mount", "--"];
  }

  /** The words that run rosterd on it, from its source, as one of its users. */
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

  /** Runs a script of its shell as root. Throws what it said when it fails. */
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
