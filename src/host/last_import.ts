/**
 * Remembers the greatest import id outside the database, in DATA/last-import, so that a restored database does not
 * assign it again (docs/reliability.md#restore).
 */
import { join } from "node:path";
import { codeOrThrow } from "../runtime/errors.ts";
import type { Log } from "../runtime/log.ts";

export class LastImport {
  #known: number | null = null;
  #isKept = true;

  constructor(private readonly folder: string, private readonly log: Log) {}

  async read(): Promise<number> {
    return this.#known ??= await readLastImport(this.folder);
  }

  /** Keeps the id if it is the greatest so far. An import does not fail because a data folder is full. */
  async note(id: number): Promise<void> {
    if (id <= await this.read()) return;
    this.#known = id;
    try {
      // No fsync is needed, because the database syncs its own data: only a restore right after a power cut would miss
      // the last id.
      const path = pathIn(this.folder), temporary = `${path}.tmp`;
      await Deno.writeTextFile(temporary, `${id}\n`, { mode: 0o600 });
      await Deno.rename(temporary, path);
      this.#isKept = true;
    } catch (error) {
      const code = codeOrThrow(error);
      if (this.#isKept) this.log.warn("last_import_not_kept", { code });
      this.#isKept = false;
    }
  }
}

/** Returns 0 if no id is known: the file is missing, cannot be read by this user, or was damaged by a power cut. */
export async function readLastImport(folder: string): Promise<number> {
  const text = await Deno.readTextFile(pathIn(folder)).catch((error) => {
    codeOrThrow(error);
    return "";
  });
  return /^\d{1,15}\n$/.test(text) ? Number(text) : 0;
}

function pathIn(folder: string): string {
  return join(folder, "last-import");
}
