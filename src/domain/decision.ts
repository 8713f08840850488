/** What approve, discard and undo answer (docs/people.md#hold). */

/** A user whom the decision left unchanged, fully or in part. */
export interface LeftOut {
  unique_id: string;
  /** Without a period; quotes no value of the user. */
  reason: string;
}

/** The longest list; `left_out_total` counts all. */
export const MAX_LEFT_OUT = 1_000;

interface Leaving {
  left_out: LeftOut[];
  left_out_total: number;
}

export interface Approved extends Leaving {
  archived: number;
  disabled: number;
  permits_released: number;
}

export interface Discarded extends Leaving {
  /** Users who keep their access. */
  discarded: number;
}

export interface Undone extends Leaving {
  /** Users with at least one restored value. */
  restored: number;
  /** Users whom the import had created. */
  archived: number;
  permits_restored: number;
  permits_released: number;
}

/** A decision as its import keeps it. */
export interface Decision {
  what: "approved" | "discarded" | "undone";
  /** RFC 3339. */
  at: string;
  /** The operating system's user who typed the command; over HTTP the kind of the token. */
  by: string;
  /** The result, under the names of the answer: `archived`, `permits_released` … */
  counts: Record<string, number>;
}

/** Refuses a decision; HTTP answers 409. The message quotes no value of a user. */
export class CannotDecide extends Error {
  override readonly name = "CannotDecide";
  constructor(readonly code: string, message: string) {
    super(message);
  }
}

export interface HeldUser {
  unique_id: string;
  /** The physical line of the record; null if the user is missing from the roster. */
  line: number | null;
  missing: boolean;
  /** What approving does. */
  effect: "archive" | "disable";
  /** What the decision did; null while the hold is open. */
  outcome: "archived" | "disabled" | "unchanged" | null;
  login_source: string | null;
  first_name: string | null;
  last_name: string | null;
  user_name: string | null;
  email: string | null;
  /** Active permits that archiving would release. */
  permits: number;
}

/** The hold of an import. */
export interface Hold {
  state: "open" | "approved" | "discarded";
  /** Why it holds users, without a period. */
  reason: string;
  /** RFC 3339; null while it is open. */
  ended_at: string | null;
}
