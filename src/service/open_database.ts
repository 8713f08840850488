/** Opens the configured database: a server, or the embedded one. */
import type { Config } from "../config.ts";
import { lastLockHolder, lockEmbeddedDatabase, makeDataFolder } from "../host/data_folder.ts";
import { connectServer, type Database } from "../postgres/connection/connect.ts";
import { startEmbedded } from "../postgres/connection/embedded.ts";
import type { LinkTimeouts } from "../postgres/connection/backend_probe.ts";

export class EmbeddedInUse extends Error {
  override readonly name = "EmbeddedInUse";
}

/**
 * Throws {@link EmbeddedInUse} if another process is using the embedded database. A connection to a server is not
 * opened until later.
 */
export async function openDatabase(config: Config, linkTimeouts?: LinkTimeouts): Promise<Database> {
  if (config.databaseUrl !== null) return connectServer(config.databaseUrl, linkTimeouts);
  await makeDataFolder(config.data);
  const lock = await lockEmbeddedDatabase(config.data);
  if (lock === null) {
    const holder = await lastLockHolder(config.data);
    throw new EmbeddedInUse(
      `the embedded database in ${config.data} is in use${holder === null ? "" : ` by process ${holder}`}: ` +
        "stop that rosterd first, or set DATABASE_URL",
    );
  }
  const database = await startEmbedded(config.data).catch((error) => {
    lock[Symbol.dispose]();
    throw error;
  });
  return {
    ...database,
    async close() {
      await database.close();
      lock[Symbol.dispose]();
    },
  };
}
