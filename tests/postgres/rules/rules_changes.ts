/**
 * The values that the change guard counts, in a table that a registrar can read (docs/people.md#change-guard). The
 * first matching line applies; `*` matches everything, and `a/b` matches either.
 */
import { tableOf } from "./rules_table.ts";

/**
 * before  the user: unknown, or what the column has: empty, value
 * record  its value: same, other, empty, or the clear token; failed: it was not applied; absent: the user has no record
 * nothing what an empty value does: empty_values
 * fill    whether the column is in fill_only_columns
 * other   the other feed that names the user: earlier or later in the settings, or none
 * known   whether the user is one of the known users in the file
 * counts  whether the value would be overwritten or cleared
 */
export const CHANGES = tableOf(`
  before   record        nothing  fill  other          known  counts
  unknown  *             *        *     *              no     no
  *        failed        *        *     *              no     no
  *        absent        *        *     *              no     no
  empty    *             *        *     *              yes    no
  value    same          *        *     *              yes    no
  value    empty         keep     *     *              yes    no
  value    empty         *        yes   *              yes    no
  value    empty/clear   *        *     earlier/later  yes    no
  value    empty/clear   *        *     none           yes    yes
  value    other         *        yes   *              yes    no
  value    other         *        *     earlier        yes    no
  value    other         *        *     none/later     yes    yes
`);
