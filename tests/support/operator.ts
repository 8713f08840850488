/**
 * The machine in docs/operations.md, for a test that types its shell blocks: substitutes replace `rosterd`,
 * `systemctl`, `sudo` and `ssh`, and all of its folders are below one folder of the test.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Step } from "../e2e/typed_session.ts";
import { until } from "./until.ts";

const MAIN = fileURLToPath(new URL("../../main.ts", import.meta.url));

/** The paths in the documentation that are below the test's folder. */
const PATHS = ["/var/backups/rosterd", "/var/lib/rosterd", "/srv/rosterd", "/etc/rosterd", "/var/lib/postgresql"];

export interface OperatorOptions {
  databaseUrl: string;
  /** Shell functions that replace the default ones for `systemctl`, `sudo`, `ssh` or `pg_ctl`. */
  programs?: Record<string, string>;
}

export class Operator implements AsyncDisposable {
  private constructor(readonly folder: string, private readonly environment: Record<string, string>) {}

  /** The service is not running yet. */
  static async make({ databaseUrl, programs = {} }: OperatorOptions): Promise<Operator> {
    const folder = await Deno.makeTempDir({ prefix: "rosterd-operator-" }), bin = join(folder, "bin");
    await Deno.chmod(folder, 0o755);
    for (const path of [...PATHS, "/srv/rosterd/upload", "/bin"]) {
      await Deno.mkdir(join(folder, path), { recursive: true });
    }
    const data = join(folder, "var/lib/rosterd");
    await Deno.writeTextFile(join(folder, "etc/rosterd/rosterd.env"), `DATABASE_URL=${databaseUrl}\n`);
    await Deno.writeTextFile(
      join(data, "settings.json"),
      JSON.stringify({ settle_seconds: 0, interval_minutes: 1_440 }),
    );
    const all = { rosterd: `exec ${Deno.execPath()} run -A --quiet ${MAIN} "$@"`, systemctl: SYSTEMCTL, ...programs };
    for (const [name, script] of Object.entries(all)) {
      await Deno.writeTextFile(join(bin, name), `#!/bin/bash\n${script}\n`, { mode: 0o755 });
    }
    const { HOME = folder, DENO_DIR, PATH } = Deno.env.toObject();
    return new Operator(folder, {
      ...{ HOME, PATH: `${bin}:${PATH}`, NO_COLOR: "1", HERE: folder, DATABASE_URL: databaseUrl },
      ...{ ROSTERD_LISTEN: "127.0.0.1:0", ROSTERD_UPLOAD: join(folder, "srv/rosterd/upload"), ROSTERD_DATA: data },
      ...{ ROSTERD_SETTINGS: join(data, "settings.json") },
      ...(DENO_DIR === undefined ? {} : { DENO_DIR }),
    });
  }

  get upload(): string {
    return this.environment.ROSTERD_UPLOAD;
  }

  /** Replaces the documentation's folder with the test's folder. */
  here(text: string): string {
    return PATHS.reduce((text, path) => text.replaceAll(path, this.folder + path), text);
  }

  /** Runs shell lines and returns their output. Throws if one of them fails. */
  async run(lines: string): Promise<string> {
    // A service started by these lines does not keep a pipe open.
    const { code, stdout, stderr } = await new Deno.Command("bash", {
      args: ["-e", "-c", lines],
      ...{ cwd: this.folder, clearEnv: true, env: this.environment, stdin: "null", stdout: "piped", stderr: "piped" },
    }).output();
    const [out, errors] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
    if (code !== 0) throw new Error(`${lines}: ${code}: ${errors}${out}`);
    return out;
  }

  /** Types one block exactly as shown in the documentation. */
  type({ lines }: Step): Promise<string> {
    return this.run(this.here(lines));
  }

  /** Drops a roster and waits until it is in `bak`. Returns its name in `bak`. */
  async import(name: string, content: string): Promise<string> {
    await Deno.writeTextFile(join(this.upload, `.${name}`), content);
    await Deno.rename(join(this.upload, `.${name}`), join(this.upload, name));
    await this.run("rosterd run");
    const start = name.replace(".csv", ".");
    return await until(`${name} is in bak`, () => {
      const names = [...Deno.readDirSync(join(this.upload, "bak"))].map(({ name }) => name);
      return names.filter((found) => found.startsWith(start)).sort().at(-1) ?? null;
    }, 60_000);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.run("systemctl stop rosterd").catch(() => {});
    await Deno.remove(this.folder, { recursive: true });
  }
}

/** Starts and stops rosterd as systemd does, and a server using the test's program `server`. */
const SYSTEMCTL = `
record="$ROSTERD_DATA/service.json"
for unit in "\${@:2}"; do
  case "$1 $unit" in
    "start rosterd")
      setsid rosterd serve >> "$HERE/log" 2>&1 < /dev/null &
      for ((n = 0; n < 900; n++)); do [ -e "$record" ] && rosterd healthcheck 2> /dev/null && break; sleep 0.1; done
      [ -e "$record" ] ;;
    "stop rosterd")
      pid=$(sed -n 's/.*"pid":\\([0-9]*\\).*/\\1/p' "$record" 2> /dev/null) || true
      [ -z "$pid" ] || kill "$pid"
      for ((n = 0; n < 600; n++)); do [ -e "$record" ] || break; sleep 0.1; done ;;
    *) server "$1" ;;
  esac
done`;
