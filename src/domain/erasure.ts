/** Schema for OpenAPI: the result of erasing a user (docs/people.md#erasure). */
import { z } from "zod";

/** The maximum length of `files`. The field `files_total` counts all files. */
export const MAX_ERASED_FILES = 1_000;

export const erased = z.object({
  files: z.array(z.object({
    import: z.int(),
    feed: z.string().describe('"" for the upload folder itself.'),
    file: z.string().describe("The name of the file in the feed's `bak`."),
    kept_until: z.string().nullable().describe(
      "When the file will be deleted because of bak_retention_days (RFC 3339, UTC); null if never.",
    ),
  })).max(MAX_ERASED_FILES).describe(
    `The first ${MAX_ERASED_FILES} files in bak that may still name the user, newest import first.`,
  ),
  files_total: z.int().min(0),
});
/** Files in `bak` that may still contain data about an erased user, because rosterd never changes these files. */
export type Erased = z.output<typeof erased>;
