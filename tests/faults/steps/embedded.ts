/** Replaces `src/postgres/connection/embedded.ts`. */
import type { Database } from "../../../src/postgres/connection/connect.ts";
import * as real from "../../../src/postgres/connection/embedded.ts";
import { countingDatabase } from "./connect.ts";

export async function startEmbedded(dataFolder: string): Promise<Database> {
  return countingDatabase(await real.startEmbedded(dataFolder));
}
