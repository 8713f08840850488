/**
 * A set that needs only a few bytes per user, because a roster may repeat most of its users.
 */
import { UnchangedTable } from "./unchanged_table.ts";

export class UserSet {
  readonly #table = new UnchangedTable();

  /** `users`: the maximum number of users. */
  constructor(users: number) {
    this.#table.expect(users);
  }

  add(uniqueId: string): void {
    this.#table.put(uniqueId);
  }

  /** Whether the set contains the user whose unique_id is in the bytes from `from` to `to`. */
  has(bytes: DataView, from: number, to: number): boolean {
    return this.#table.find(bytes, from, to) >= 0;
  }
}
