/** Schema for OpenAPI: the totals of one day's imports. */
import { z } from "zod";

const count = z.int().min(0);

export const day = z.object({
  day: z.string().describe("The date in the time zone of the query, such as 2026-11-30."),
  imports: count,
  last_import: z.int().describe("The id of the last import of the day."),
  last_at: z.string().describe("When that import began (RFC 3339, UTC)."),
  records: count.describe("The size of the rosters: the number of records in the largest file of each feed, added up."),
  changed: count.describe(
    "The number of users whom imports created, updated, archived or reactivated. Undone imports do not count.",
  ),
  created: count.describe("How many of the changed users are new."),
  archived: count.describe("How many of the changed users were archived, including missing users."),
  failed: count.describe("The number of records that failed."),
  failed_new: count.describe("How many of the failed records had not failed in the same way before."),
  all_failed: count.describe("The number of files in which every record failed."),
  held: count.describe("The number of users and records put on hold."),
  rejected: count.describe("The number of files that were rejected or could not be imported."),
});
export type Day = z.output<typeof day>;

export interface DaysQuery {
  /** The number of days, including today. */
  days: number;
  /** The IANA time zone that determines when a day begins. */
  zone: string;
  /** Limits the totals to imports of this feed. */
  feed?: string;
}
