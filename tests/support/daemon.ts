/** Runs a system server for one test on 127.0.0.1, with all its files in one folder. */
import { pathOfProgram } from "./programs.ts";
import { until } from "./until.ts";

/**
 * Starts a program that stays in the foreground and resolves when the program accepts connections: when it greets the
 * client, if its protocol `greets`. Disposal ends the program.
 */
export async function startDaemon(
  program: string,
  args: readonly string[],
  port: number,
  { env = {}, greets = true }: { env?: Record<string, string>; greets?: boolean } = {},
): Promise<AsyncDisposable> {
  const command = new Deno.Command(pathOfProgram(program) ?? program, {
    args: [...args],
    env,
    stdin: "null",
    stdout: "null",
    stderr: "null",
  });
  const process = command.spawn();
  let ended = false;
  const end = process.status.then(() => ended = true);
  await until(`${program} takes connections`, () => {
    if (ended) throw new Error(`${program} ended at once; its log says why`);
    return answers(port, greets);
  });
  return {
    async [Symbol.asyncDispose]() {
      if (!ended) process.kill("SIGTERM");
      await end;
    },
  };
}

/** A port that is currently free. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

async function answers(port: number, greets: boolean): Promise<boolean> {
  try {
    using connection = await Deno.connect({ hostname: "127.0.0.1", port });
    return !greets || await connection.read(new Uint8Array(1)) === 1;
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionRefused) return false;
    throw error;
  }
}
