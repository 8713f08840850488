/**
 * The effect of a file on a user named by two feeds, in a table that a registrar can read
 * (docs/people.md#who-is-named). The first matching line applies; `*` matches everything, and `a/b` matches either.
 */
import { tableOf } from "./rules_table.ts";

/**
 * before   the user: active, disabled, archived
 * record   its value of `active`: 0, 1, or none; failed: it was not applied; absent: the user has no record
 * said     what this feed said before: active, inactive; or no, it did not name the user
 * other    what the other feed said: active, inactive, no; or removed: the settings no longer have the feed, which said active
 * inactive archive_inactive_users
 * missing  missing_users
 * losses   whether losses of `active` happen or are held
 * after    the user; `same`: as before
 * says     what this feed says afterwards; `same`: as before
 * kept     whether the warning kept_by_other_feed counts the user
 */
export const FEEDS = tableOf(`
  before           record  said      other             inactive  missing  losses  after     says      kept
  *                failed  *         *                 *         *        *       same      same      no
  *                absent  no        *                 *         *        *       same      no        no
  *                absent  *         *                 *         keep     *       same      same      no
  archived         absent  *         *                 *         *        *       same      no        no
  *                absent  inactive  active            *         *        *       same      no        no
  *                absent  *         active            *         *        *       same      no        yes
  active           absent  *         *                 *         *        held    same      same      no
  *                absent  *         *                 *         *        *       archived  no        no
  *                1       *         *                 *         *        *       active    active    no
  archived         none    *         *                 *         archive  *       active    active    no
  disabled/archived none   no/inactive inactive        *         *        *       active    active    no
  *                none    *         *                 *         *        *       same      active    no
  archived         0       *         *                 *         *        *       same      inactive  no
  disabled         0       *         *                 off       *        *       same      inactive  no
  *                0       inactive  active            *         *        *       same      inactive  no
  *                0       *         active            *         *        *       same      inactive  yes
  active           0       *         *                 *         *        held    same      inactive  no
  *                0       *         *                 on        *        *       archived  inactive  no
  *                0       *         *                 off       *        *       disabled  inactive  no
`);
