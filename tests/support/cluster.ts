/**
 * Runs a PostgreSQL server for one test. The test can stop it at the worst moment, fill its disk, or misconfigure it.
 * The server refuses to run as root, so root runs it as the user `postgres`.
 */
import { join } from "node:path";
import postgres from "postgres";
import { CONNECTION, type Sql } from "../../src/postgres/connection/sql.ts";

const ROOT = "/usr/lib/postgresql";

/** The folder of the newest binaries, or null. */
function binaries(): string | null {
  try {
    const versions = [...Deno.readDirSync(ROOT)].map(({ name }) => Number(name)).filter((version) => version >= 13);
    return versions.length === 0 ? null : `${ROOT}/${Math.max(...versions)}/bin`;
  } catch {
    return null;
  }
}

/** The reason why no server can be created on this machine; null if it can. */
export function clusterIsMissing(): string | null {
  return binaries() === null ? `there are no PostgreSQL binaries in ${ROOT} (Debian: postgresql)` : null;
}

/** Returns whether the tests of a file must be skipped, and prints why. */
export function leftOut(file: string, why: string | null): boolean {
  if (why !== null) console.error(`LEFT OUT: the tests of ${file}: ${why}`);
  return why !== null;
}

export interface ClusterOptions {
  /** Lines for postgresql.conf. */
  settings?: readonly string[];
  /** The parent of the data folder; a new folder by default. */
  place?: string;
}

export class Cluster implements AsyncDisposable {
  private constructor(readonly folder: string, readonly port: number, private readonly mine: boolean) {}

  static async start({ settings = [], place }: ClusterOptions = {}): Promise<Cluster> {
    const folder = place ?? await Deno.makeTempDir({ prefix: "rosterd-cluster-" });
    const port = freePort();
    const cluster = new Cluster(folder, port, place === undefined);
    if (Deno.uid() === 0) await runPlain("chown", "postgres:", folder);
    await cluster.run("initdb", "-D", cluster.data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync");
    await cluster.configure(
      "listen_addresses = '127.0.0.1'",
      `port = ${port}`,
      `unix_socket_directories = '${folder}'`,
      "max_connections = 40",
      "shared_buffers = 16MB",
      ...settings,
    );
    await cluster.start();
    return cluster;
  }

  /** A streaming standby of this server. `name`: its application name, for synchronous_standby_names. */
  async standby(name = "standby"): Promise<Cluster> {
    const folder = await Deno.makeTempDir({ prefix: "rosterd-cluster-" }), port = freePort();
    if (Deno.uid() === 0) await runPlain("chown", "postgres:", folder);
    const standby = new Cluster(folder, port, true);
    const from = `host=127.0.0.1 port=${this.port} user=postgres application_name=${name}`;
    await this.run("pg_basebackup", "-D", standby.data, "-d", from, "-R", "-X", "stream", "-c", "fast", "--no-sync");
    await standby.configure(`port = ${port}`, `unix_socket_directories = '${folder}'`);
    await standby.start();
    return standby;
  }

  async promote(): Promise<void> {
    await this.run("pg_ctl", "-D", this.data, "-w", "-s", "promote");
  }

  get data(): string {
    return join(this.folder, "data");
  }

  get url(): string {
    return `postgres://postgres@127.0.0.1:${this.port}/postgres`;
  }

  /** Opens another connection, which the caller must close. */
  connect(database = "postgres"): Sql {
    const url = new URL(this.url);
    url.pathname = `/${database}`;
    return postgres(url.href, { ...CONNECTION, max: 1, connection: {} }) as unknown as Sql;
  }

  /** Runs one statement on its own connection. */
  async sql<T extends readonly object[]>(statement: string): Promise<T> {
    const sql = this.connect();
    try {
      return await sql.unsafe(statement) as unknown as T;
    } finally {
      await sql.end({ timeout: 1 });
    }
  }

  /** Changes settings, which apply from the next start. */
  async configure(...lines: string[]): Promise<void> {
    await Deno.writeTextFile(join(this.data, "postgresql.conf"), lines.map((line) => `${line}\n`).join(""), {
      append: true,
    });
  }

  async start(): Promise<void> {
    await this.run("pg_ctl", "-D", this.data, "-l", join(this.folder, "log"), "-w", "-s", "start");
  }

  async stop(mode: "fast" | "immediate"): Promise<void> {
    await this.run("pg_ctl", "-D", this.data, "-m", mode, "-w", "-s", "stop");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop("immediate").catch(() => {});
    if (this.mine) await Deno.remove(this.folder, { recursive: true });
  }

  private async run(command: string, ...args: string[]): Promise<void> {
    const path = `${binaries()}/${command}`;
    if (Deno.uid() === 0) await runPlain("runuser", "-u", "postgres", "--", path, ...args);
    else await runPlain(path, ...args);
  }
}

/** Returns a port that was free at the time of the call. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return (listener.addr as Deno.NetAddr).port;
}

export async function runPlain(command: string, ...args: string[]): Promise<void> {
  // The output is not piped, because the server would inherit the pipe and keep it open forever.
  const errors = await Deno.makeTempFile();
  try {
    const { code } = await new Deno.Command("sh", {
      args: ["-c", `exec "$@" >"${errors}" 2>&1 </dev/null`, "sh", command, ...args],
      cwd: "/",
    }).output();
    if (code !== 0) throw new Error(`${command} ${args.join(" ")}: ${code}: ${await Deno.readTextFile(errors)}`);
  } finally {
    await Deno.remove(errors);
  }
}
