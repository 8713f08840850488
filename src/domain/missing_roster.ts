/** Describes rosters in `bak` that have no import in the database (docs/reliability.md#restore). */
import { z } from "zod";

export const missingRoster = z.object({
  feed: z.string(),
  file: z.string().describe("The name of the file in bak."),
  imported_at: z.string().describe("When the file was imported, according to its name (RFC 3339, UTC)."),
});
export type MissingRoster = z.output<typeof missingRoster>;

export const replayed = z.object({
  rosters: z.array(missingRoster).describe(
    "The rosters that were imported again, in order. In a dry run, those that would be.",
  ),
  left_out: z.array(missingRoster.extend({ reason: z.string() })),
});
export type Replayed = z.output<typeof replayed>;
