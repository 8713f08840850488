/** Runs the embedded PostgreSQL, which serves one process and one connection (docs/database.md#embedded-postgresql). */
import postgres from "postgres";
import { nullOn } from "../../runtime/errors.ts";
import type { Database } from "./connect.ts";
import type { FromWorker, ToWorker } from "./embedded_worker.ts";
import { CONNECTION, type Session, type Sql } from "./sql.ts";

/** Linux allows 107 bytes in the path of a Unix socket. */
const MAX_SOCKET_PATH_BYTES = 100;

/**
 * The tables of an import are dropped at the end of its transaction, because the session of the embedded database
 * outlives the connection.
 */
const SESSION: Session = { isOwn: false, hasTables: false };

/**
 * Starts the embedded PostgreSQL with its data in `DATA/postgres`. The caller must hold the lock on the data folder.
 * Throws if the database cannot start.
 */
export async function startEmbedded(dataFolder: string): Promise<Database> {
  const folder = `${dataFolder}/postgres`;
  await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
  const socket = await socketPath(dataFolder);
  const worker = new Worker(new URL("./embedded_worker.ts", import.meta.url), { type: "module" });
  try {
    await ask(worker, { kind: "start", folder, socket: socket.path });
  } catch (error) {
    worker.terminate();
    await socket.remove();
    throw error;
  }
  const sql = postgres({
    ...CONNECTION,
    path: socket.path,
    database: "postgres",
    username: "postgres",
    max: 1,
    max_lifetime: null,
  }) as unknown as Sql;
  return {
    kind: "embedded",
    sql,
    transaction: (work, isolation = "read committed") =>
      sql.begin(`isolation level ${isolation}`, (tx) => work(tx, SESSION)) as ReturnType<typeof work>,
    leaveOldPrimary: () => Promise.resolve(),
    async close() {
      await sql.end({ timeout: 5 });
      await ask(worker, { kind: "stop" });
      worker.terminate();
      await socket.remove();
    },
  };
}

/**
 * Returns a path for the socket in a folder that only this account can open: the data folder, or a temporary folder if
 * the path would be too long.
 */
async function socketPath(dataFolder: string): Promise<{ path: string; remove: () => Promise<void> }> {
  const inData = `${await Deno.realPath(dataFolder)}/.s.PGSQL.5432`;
  if (new TextEncoder().encode(inData).length <= MAX_SOCKET_PATH_BYTES) {
    await removeIfPresent(inData);
    return { path: inData, remove: () => removeIfPresent(inData) };
  }
  const folder = await Deno.makeTempDir({ prefix: "rosterd-" });
  return { path: `${folder}/.s.PGSQL.5432`, remove: () => Deno.remove(folder, { recursive: true }) };
}

async function removeIfPresent(path: string): Promise<void> {
  await nullOn(Deno.remove(path), "ENOENT");
}

function ask(worker: Worker, message: ToWorker): Promise<void> {
  return new Promise((resolve, reject) => {
    worker.onerror = (event) => {
      event.preventDefault();
      reject(new Error(`the embedded database stopped: ${event.message}`));
    };
    worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
      if (data.kind === "failed") reject(new Error(`the embedded database cannot start: ${data.message}`));
      else resolve();
    };
    worker.postMessage(message);
  });
}
