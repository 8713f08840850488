/** Runs rosterd in a separate process and measures wall time and peak resident memory. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type postgres from "postgres";
import { PERMISSIONS } from "../../.ci/permissions.ts";
import { endedPrograms, serverSeconds } from "./cpu.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** One way to start rosterd. */
export interface Program {
  name: "source" | "binary";
  command: readonly string[];
}

/** Runs rosterd from source, and also the compiled program if `deno task compile` has been run. */
export async function findPrograms(): Promise<Program[]> {
  const source: Program = {
    name: "source",
    command: [Deno.execPath(), "run", "--quiet", ...PERMISSIONS, join(ROOT, "main.ts")],
  };
  const binary: Program = { name: "binary", command: [join(ROOT, "dist/rosterd")] };
  return await exists(binary.command[0]) ? [source, binary] : [source];
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** The CPU seconds of the program and the server; null if unknown (`cpu.ts`). */
export interface CpuSeconds {
  program: number | null;
  server: number | null;
}

export interface Measured {
  seconds: number;
  /** The peak memory; null if the system has no `/proc`. */
  peakMiB: number | null;
  cpu: CpuSeconds;
  code: number;
  out: string;
  err: string;
}

/** Starts a program in a folder, with only the given environment variables. */
export function spawn(command: readonly string[], folder: string, env: Record<string, string>): Deno.ChildProcess {
  const [program, ...args] = command;
  return new Deno.Command(program, { args, cwd: folder, env, stdin: "null", stdout: "piped", stderr: "piped" }).spawn();
}

/** Runs a program and waits for it to end. `sql`: a connection to the server that it uses. */
export async function measure(
  command: readonly string[],
  folder: string,
  env: Record<string, string>,
  sql: postgres.Sql | null = null,
): Promise<Measured> {
  const serverBefore = sql && await serverSeconds(sql), programBefore = endedPrograms();
  const begin = performance.now();
  const child = spawn(command, folder, env);
  const peak = watchPeak(child.pid);
  const { code, stdout, stderr } = await child.output();
  const seconds = (performance.now() - begin) / 1000;
  const program = since(programBefore, endedPrograms());
  const cpu = { program, server: since(serverBefore, sql && await serverSeconds(sql)) };
  const decoder = new TextDecoder();
  return { seconds, peakMiB: peak.stop(), cpu, code, out: decoder.decode(stdout), err: decoder.decode(stderr) };
}

function since(before: number | null, after: number | null): number | null {
  return before === null || after === null ? null : after - before;
}

/**
 * Samples the peak memory (the high-water mark) of a process ten times a second. The mark only rises, so only the last
 * value counts.
 */
export function watchPeak(pid: number): { stop(): number | null } {
  let peak: number | null = null;
  const look = () => peak = peakOf(pid) ?? peak;
  const timer = setInterval(look, 100);
  return {
    stop() {
      clearInterval(timer);
      return look();
    },
  };
}

function peakOf(pid: number): number | null {
  let status: string;
  try {
    status = Deno.readTextFileSync(`/proc/${pid}/status`);
  } catch (error) {
    // The process has ended, or there is no `/proc`.
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
  const kib = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
  return kib === undefined ? null : Math.round(Number(kib) / 1024);
}
