/** Runs `rosterd` as a user would, in its own process and folder. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../../main.ts", import.meta.url));

/** The command that runs `rosterd` from source, using the Deno that runs the test. */
export const FROM_SOURCE: readonly string[] = [Deno.execPath(), "run", "-A", "--quiet", MAIN];

export interface Ended {
  code: number;
  out: string;
  err: string;
}

/** A folder in which to run commands. Commands see only the given environment variables. */
export class Workplace implements AsyncDisposable {
  private constructor(
    readonly folder: string,
    readonly program: readonly string[],
    readonly environment: Record<string, string>,
  ) {}

  static async make(environment: Record<string, string> = {}, program = FROM_SOURCE): Promise<Workplace> {
    return new Workplace(await Deno.makeTempDir({ prefix: "rosterd-test-" }), program, environment);
  }

  /** Returns the same folder, for running commands with a different program. */
  with(program: readonly string[]): Workplace {
    return new Workplace(this.folder, program, this.environment);
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  async write(name: string, content: string): Promise<void> {
    await Deno.writeTextFile(this.path(name), content);
  }

  spawn(...words: string[]): Deno.ChildProcess {
    return this.spawnWith({}, ...words);
  }

  /** Starts a command with additional environment variables. */
  spawnWith(environment: Record<string, string>, ...words: string[]): Deno.ChildProcess {
    const [program, ...before] = this.program;
    const { HOME, DENO_DIR, PATH } = Deno.env.toObject();
    const inherited = Object.fromEntries(
      Object.entries({ HOME, DENO_DIR, PATH }).filter(([, value]) => value !== undefined),
    );
    return new Deno.Command(program, {
      args: [...before, ...words],
      cwd: this.folder,
      clearEnv: true,
      env: { ...inherited, ...this.environment, ...environment, NO_COLOR: "1" },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  }

  /** Runs a command and waits for it to end. */
  async run(...words: string[]): Promise<Ended> {
    const { code, stdout, stderr } = await this.spawn(...words).output();
    const decoder = new TextDecoder();
    return { code, out: decoder.decode(stdout), err: decoder.decode(stderr) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}
