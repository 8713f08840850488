/**
 * Measures CPU seconds, which depend less on other programs than time does. They are null on a system without `/proc`,
 * or if the server runs on another machine.
 */
import { readdirSync } from "node:fs";
import type postgres from "postgres";

/** The unit of times in `/proc`, the same on all Linux systems that run Deno. */
const TICKS_PER_SECOND = 100;

/** A process: its parent, its CPU seconds, and those of its children that have ended. */
interface Times {
  parent: number;
  own: number;
  ended: number;
}

function timesOf(pid: number | "self"): Times | null {
  try {
    const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
    // The name of the program, in parentheses, may contain spaces.
    const [, parent, ...rest] = stat.slice(stat.lastIndexOf(")") + 2).split(" ").map(Number);
    const [user, system, endedUser, endedSystem] = rest.slice(9);
    return { parent, own: (user + system) / TICKS_PER_SECOND, ended: (endedUser + endedSystem) / TICKS_PER_SECOND };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/** The CPU seconds of all programs that this one started and that have ended. */
export function endedPrograms(): number | null {
  return timesOf("self")?.ended ?? null;
}

/** The CPU seconds of the whole server, including what it does for other clients. */
export async function serverSeconds(sql: postgres.Sql): Promise<number | null> {
  const [{ pid, address }] = await sql<{ pid: number; address: string | null }[]>`
    select pg_backend_pid() as pid, host(inet_server_addr()) as address`;
  if (address !== null && address !== "127.0.0.1" && address !== "::1") return null;
  const postmaster = timesOf(pid)?.parent, main = postmaster === undefined ? null : timesOf(postmaster);
  if (main === null) return null;
  const processes = readdirSync("/proc").filter((name) => /^\d+$/.test(name)).map((name) => timesOf(Number(name)));
  return processes.reduce((all, one) => all + (one?.parent === postmaster ? one!.own : 0), main.own + main.ended);
}
