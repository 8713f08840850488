/** The totals of one day's imports, as a schema for OpenAPI. */
import { z } from "zod";

const count = z.int().min(0);

export const day = z.object({
  day: z.string().describe("Such as 2026-11-30, in the time zone of the query."),
  imports: count,
  last_import: z.int().describe("The id of the last import of the day."),
  last_at: z.string().describe("When it began (RFC 3339, UTC)."),
  records: count.describe("The records of the largest file of each feed: the size of the rosters."),
  changed: count.describe("The users created, updated, archived or reactivated, without undone imports."),
  created: count.describe("Of these, the new users."),
  archived: count.describe("Of these, the users archived, missing ones included."),
  failed: count.describe("The records that failed."),
  failed_new: count.describe("Of these, the records that did not fail like this before."),
  all_failed: count.describe("The files in which every record failed."),
  held: count.describe("The users and records put on hold."),
  rejected: count.describe("The files that were rejected, or could not be imported."),
});
export type Day = z.output<typeof day>;

export interface DaysQuery {
  /** The number of days, including today. */
  days: number;
  /** An IANA time zone, which decides when a day begins. */
  zone: string;
  /** Counts only imports of this feed. */
  feed?: string;
}
