/** The lines that `turn.ts` writes instead of a database: an event, a key and a value. */
import { existsSync, readFileSync } from "node:fs";

export type Note = [what: "imported" | "moved", key: string, value: string];

/** Skips a partial line left behind by a killed process. */
export function notesIn(path: string): Note[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, "utf8").split("\n").filter((line) => line.endsWith("]")).map((line) => JSON.parse(line));
}
