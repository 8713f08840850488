/**
 * What people decide about an import afterwards: approve or discard what it held, or undo it (contract, section 3). The answers
 * of these calls, and the refusal.
 */

/** A user of whom something was left as it is, and why. */
export interface LeftOut {
  unique_id: string;
  /** A sentence without its end; it quotes no value of the user. */
  reason: string;
}

/** At most so many are listed; `left_out_total` counts all. */
export const MAX_LEFT_OUT = 1_000;

interface Leaving {
  left_out: LeftOut[];
  left_out_total: number;
}

/** What approving came to, in users and permits. */
export interface Approved extends Leaving {
  archived: number;
  disabled: number;
  permits_released: number;
}

/** What discarding came to: so many users keep their access. */
export interface Discarded extends Leaving {
  discarded: number;
}

/** What undoing came to. */
export interface Undone extends Leaving {
  /** Users of whom at least one value went back. */
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
  /** The user of the operating system who typed the command; over HTTP the kind of the token. */
  by: string;
  /** What it came to, under the names of the answer: `archived`, `permits_released` … */
  counts: Record<string, number>;
}

/** The decision cannot be carried out: HTTP answers with 409. The message says why, and quotes no value of a user. */
export class CannotDecide extends Error {
  override readonly name = "CannotDecide";
  constructor(readonly code: string, message: string) {
    super(message);
  }
}

/** A user who is held. */
export interface HeldUser {
  unique_id: string;
  /** The physical line of the record; null: the user is missing from the roster. */
  line: number | null;
  missing: boolean;
  /** What approving does. */
  effect: "archive" | "disable";
  login_source: string | null;
  first_name: string | null;
  last_name: string | null;
  user_name: string | null;
  email: string | null;
  /** Active permits that archiving would release. */
  permits: number;
}

/** What became of the users that an import held. */
export interface Hold {
  state: "open" | "approved" | "discarded";
  /** Why they were held. */
  reason: string;
  /** RFC 3339; null while it is open. */
  ended_at: string | null;
}
