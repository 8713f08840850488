/** The totals of one day's imports, as a schema for OpenAPI. */
import { z } from "zod";

const count = z.int().min(0);

export const day = z.object({
  day: z.string().describe("The date in the time zone of the query, such as 2026-11-30."),
  imports: count,
  last_import: z.int().describe("The id of the last import of the day."),
  last_at: z.string().describe("When it began (RFC 3339, UTC)."),
  records: count.describe("The number of records in the largest file of each feed, added up: the size of the rosters."),
  changed: count.describe("The number of users created, updated, archived or reactivated, except by undone imports."),
  created: count.describe("The number of changed users who are new."),
  archived: count.describe("The number of changed users who were archived, including missing users."),
  failed: count.describe("The number of records that failed."),
  failed_new: count.describe("The number of failed records that had not failed in the same way before."),
  all_failed: count.describe("The number of files in which every record failed."),
  held: count.describe("The number of users and records put on hold."),
  rejected: count.describe("The number of files that were rejected or could not be imported."),
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
