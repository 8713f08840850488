/**
 * The effect of a file on a user while `release_permits_after_days` is 30, in a table that a registrar can read
 * (docs/people.md#grace-period). The first matching line applies; `*` matches everything, `a/b` either.
 */
import { tableOf } from "./rules_table.ts";

/**
 * before   the user: active; disabled, by another program; waiting, disabled and to be archived later; due, waiting for more
 *          than 30 days; archived
 * record   its value of `active`: 0, 1, or none; failed: it was not applied; absent: the user has no record
 * said     what this feed said before: active, inactive
 * other    what the other feed said: active, no
 * inactive archive_inactive_users
 * missing  missing_users
 * losses   whether losses of `active` happen or are held
 * after    the user; `same`: as before
 * says     what this feed says afterwards; `same`: as before; no: it does not name the user
 */
export const GRACE = tableOf(`
  before         record  said      other   inactive  missing  losses  after     says
  *              failed  *         *       *         *        *       same      same
  *              1       *         *       *         *        *       active    active
  archived       none    *         *       *         archive  *       active    active
  waiting/due    none    *         *       *         archive  *       active    active
  waiting/due    none    inactive  *       *         keep     *       disabled  active
  *              none    *         *       *         *        *       same      active
  archived       0       *         *       *         *        *       same      inactive
  *              0       *         active  *         *        *       same      inactive
  active         0       *         no      *         *        held    same      inactive
  active         0       *         no      on        *        *       waiting   inactive
  active         0       *         no      off       *        *       disabled  inactive
  disabled       0       *         no      on        *        *       waiting   inactive
  due            0       inactive  no      on        *        *       archived  inactive
  *              0       *         no      *         *        *       same      inactive
  due            absent  inactive  no      on        keep     *       archived  inactive
  *              absent  *         *       *         keep     *       same      same
  archived       absent  *         *       *         archive  *       same      no
  *              absent  *         active  *         archive  *       same      no
  active         absent  *         no      *         archive  held    same      same
  active         absent  *         no      *         archive  *       waiting   inactive
  disabled       absent  *         no      *         archive  *       waiting   inactive
  due            absent  inactive  no      *         archive  *       archived  no
  waiting/due    absent  *         no      *         archive  *       same      inactive
`);
