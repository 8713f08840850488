/**
 * The effect of a record with an old id on the users with the two ids, in a table that a registrar can read
 * (docs/people.md#new-ids). The first matching line applies; `*` matches everything, `a/b` either.
 */
import { tableOf } from "./rules_table.ts";

/**
 * old      the user with the old id: unknown, active, disabled, archived
 * new      the user with the record's id
 * record   its value of `active`: 0, 1, or none; failed: it was not applied
 * claim    own: the old id has a record of its own; twice: another record gives the same old id; or none
 * what     renamed: the user gets the new id; merged: the old user is archived, and the active permits move; or nothing. failed: 9022
 * from     the state to which the rules for the record then apply: that of the user with the new or the old id
 */
export const IDS = tableOf(`
  old              new       record  claim    what     from
  *                *         failed  *        nothing  new
  *                *         *       own      failed   new
  unknown          *         *       *        nothing  new
  *                *         *       twice    failed   new
  *                unknown   *       *        renamed  old
  archived         *         *       *        nothing  new
  active           *         none    *        merged   old
  *                *         *       *        merged   new
`);
