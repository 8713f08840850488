/**
 * Runs PgBouncer in transaction mode for one test. PgBouncer refuses to run as root, so it runs as the user `postgres`.
 */
import { join } from "node:path";
import { runPlain } from "./cluster.ts";
import { until } from "./until.ts";

const PROGRAM = "/usr/sbin/pgbouncer";

/** Why PgBouncer cannot run here; null if it can. */
export function pgbouncerIsMissing(): string | null {
  try {
    Deno.statSync(PROGRAM);
  } catch {
    return `there is no ${PROGRAM} (Debian: pgbouncer)`;
  }
  return Deno.uid() === 0 ? null : "it is started by root, as the user postgres";
}

export interface Pooled extends AsyncDisposable {
  /** The URL that goes through PgBouncer, for `DATABASE_URL`. */
  readonly url: string;
}

/** Connects to the server in `databaseUrl`. `settings`: additional configuration lines. */
export async function startPgbouncer(databaseUrl: string, ...settings: string[]): Promise<Pooled> {
  const target = new URL(databaseUrl);
  const folder = await Deno.makeTempDir({ prefix: "rosterd-pgbouncer-" });
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  const lines = [
    "[databases]",
    // With auth_type `any`, the configuration must name the server's user.
    `* = host=${target.hostname} port=${target.port || 5432} user=${target.username}`,
    "[pgbouncer]",
    "listen_addr = 127.0.0.1",
    `listen_port = ${port}`,
    "unix_socket_dir =",
    "auth_type = any",
    "pool_mode = transaction",
    `logfile = ${join(folder, "log")}`,
    `pidfile = ${join(folder, "pid")}`,
    ...settings,
  ];
  await Deno.writeTextFile(join(folder, "ini"), lines.map((line) => `${line}\n`).join(""));
  await runPlain("chown", "-R", "postgres:", folder);
  await runPlain("runuser", "-u", "postgres", "--", PROGRAM, "-d", join(folder, "ini"));
  const pid = Number(await until("the pid file", () => Deno.readTextFile(join(folder, "pid")).catch(() => null)));
  target.port = String(port);
  target.hostname = "127.0.0.1";
  return {
    url: target.href,
    async [Symbol.asyncDispose]() {
      Deno.kill(pid, "SIGTERM");
      await until("its end", () => Deno.stat(`/proc/${pid}`).then(() => false, () => true));
      await Deno.remove(folder, { recursive: true });
    },
  };
}
