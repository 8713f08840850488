/**
 * Runs a PostgreSQL server for one test. The test can stop it at the worst moment, fill up its disk or misconfigure it.
 * The server refuses to run as root, so root runs it as the user `postgres`.
 */
import { dirname, join } from "node:path";
import postgres from "postgres";
import { CONNECTION, type Sql } from "../../src/postgres/connection/sql.ts";
import { freePort } from "./daemon.ts";
import { until } from "./until.ts";

const ROOT = "/usr/lib/postgresql";

/** The folder that contains the newest binaries, or null. */
export function serverBinaries(): string | null {
  try {
    const versions = [...Deno.readDirSync(ROOT)].map(({ name }) => Number(name)).filter((version) => version >= 13);
    return versions.length === 0 ? null : `${ROOT}/${Math.max(...versions)}/bin`;
  } catch {
    return null;
  }
}

/** Why no server can be created on this machine; null if one can. */
export function clusterIsMissing(): string | null {
  return serverBinaries() === null ? `there are no PostgreSQL binaries in ${ROOT} (Debian: postgresql)` : null;
}

/** Returns whether the tests in a file must be skipped and prints the reason. */
export function leftOut(file: string, why: string | null): boolean {
  if (why !== null) console.error(`LEFT OUT: the tests of ${file}: ${why}`);
  return why !== null;
}

export interface ClusterOptions {
  /** Additional lines for postgresql.conf. */
  settings?: readonly string[];
  /** Additional arguments for initdb. */
  initdb?: readonly string[];
  /** The parent of the data folder; a new folder by default. */
  place?: string;
  /** The folder with the server's binaries; by default, the newest that are installed. */
  bin?: string;
  /** An unused port by default. */
  port?: number;
}

export class Cluster implements AsyncDisposable {
  private constructor(
    readonly folder: string,
    readonly port: number,
    private readonly mine: boolean,
    readonly data = join(folder, "data"),
    private readonly bin = serverBinaries(),
  ) {}

  /** A server run by another program. */
  static at(port: number, data = ""): Cluster {
    return new Cluster(dirname(data), port, false, data);
  }

  static async start(
    { settings = [], initdb = [], place, bin, port = freePort() }: ClusterOptions = {},
  ): Promise<Cluster> {
    const folder = place ?? await Deno.makeTempDir({ prefix: "rosterd-cluster-" });
    const cluster = new Cluster(folder, port, place === undefined, undefined, bin);
    if (Deno.uid() === 0) await runPlain("chown", "postgres:", folder);
    await cluster.run(
      "initdb",
      "-D",
      cluster.data,
      "-U",
      "postgres",
      "-A",
      "trust",
      "-E",
      "UTF8",
      "--no-sync",
      ...initdb,
    );
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

  /** Creates a streaming standby, which reaches this server on `port`. */
  async standby(port = this.port): Promise<Cluster> {
    const folder = await Deno.makeTempDir({ prefix: "rosterd-cluster-" });
    if (Deno.uid() === 0) await runPlain("chown", "postgres:", folder);
    const standby = new Cluster(folder, freePort(), true);
    await standby.follow(this, port);
    return standby;
  }

  /** Becomes a streaming standby of a server, reaching it on `port`. Its own data is lost. */
  async follow(primary: Cluster, port = primary.port): Promise<void> {
    await Deno.remove(this.data, { recursive: true }).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
    await this.run("pg_basebackup", "-D", this.data, "-d", primary.url, "-X", "stream", "-c", "fast", "--no-sync");
    await this.configure(
      `port = ${this.port}`,
      `unix_socket_directories = '${this.folder}'`,
      `primary_conninfo = 'host=127.0.0.1 port=${port} user=postgres application_name=standby'`,
    );
    await Deno.writeTextFile(join(this.data, "standby.signal"), "");
    await this.start();
  }

  async promote(): Promise<void> {
    await this.run("pg_ctl", "-D", this.data, "-w", "-s", "promote");
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

  /** Changes settings, which take effect at the next start. */
  async configure(...lines: string[]): Promise<void> {
    await Deno.writeTextFile(join(this.data, "postgresql.conf"), lines.map((line) => `${line}\n`).join(""), {
      append: true,
    });
  }

  async start(): Promise<void> {
    const log = join(this.folder, "log");
    await this.run("pg_ctl", "-D", this.data, "-l", log, "-w", "-s", "start").catch(async (error) => {
      throw new Error(`${error.message}\n${(await Deno.readTextFile(log)).slice(-1_000)}`);
    });
  }

  async stop(mode: "fast" | "immediate"): Promise<void> {
    await this.run("pg_ctl", "-D", this.data, "-m", mode, "-w", "-s", "stop");
  }

  /** Kills all processes of the server at once. */
  async kill(): Promise<void> {
    const locks = [join(this.data, "postmaster.pid"), join(this.folder, `.s.PGSQL.${this.port}.lock`)];
    const pid = Number((await Deno.readTextFile(locks[0])).split("\n")[0]);
    const children = await Deno.readTextFile(`/proc/${pid}/task/${pid}/children`);
    const processes = [pid, ...children.trim().split(" ").map(Number)];
    for (const process of processes) {
      try {
        Deno.kill(process, "SIGKILL");
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      }
    }
    // A server with the same data cannot start until all of these processes are gone.
    for (const process of processes) await until("the server is gone", () => isGone(process));
    // Where orphans are not reaped, as in a container, the next server would consider them still running.
    for (const lock of locks) await Deno.remove(lock);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop("immediate").catch(() => {});
    if (this.mine) await Deno.remove(this.folder, { recursive: true });
  }

  private async run(command: string, ...args: string[]): Promise<void> {
    const path = `${this.bin}/${command}`;
    if (Deno.uid() === 0) await runPlain("runuser", "-u", "postgres", "--", path, ...args);
    else await runPlain(path, ...args);
  }
}

async function isGone(pid: number): Promise<boolean> {
  const state = await Deno.readTextFile(`/proc/${pid}/stat`).catch(() => null);
  return state === null || /\) Z/.test(state);
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
