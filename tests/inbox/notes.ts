/** The lines that `turn.ts` writes in the place of a database: what happened, the key, and a value. */
import { existsSync, readFileSync } from "node:fs";

export type Note = [what: "imported" | "moved", key: string, value: string];

/** All whole lines; a killed process may have left half of one. */
export function notesIn(path: string): Note[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, "utf8").split("\n").filter((line) => line.endsWith("]")).map((line) => JSON.parse(line));
}
