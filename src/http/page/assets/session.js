/**
 * The token of this tab, and the name and role of its holder. Only the tab stores this data, which is lost when the tab
 * closes.
 */

/** @typedef {{ name: string, role: "admin" | "clerk" | "read", may_decide: boolean }} Holder */

const TOKEN = "rosterd.token";
const HOLDER = "rosterd.holder";

export class Session {
  /** @param {Storage} storage */
  constructor(storage) {
    this.storage = storage;
  }

  get token() {
    return this.storage.getItem(TOKEN);
  }

  /** @returns {Holder} */
  get holder() {
    return JSON.parse(this.storage.getItem(HOLDER) ?? '{"name": "", "role": "read", "may_decide": false}');
  }

  /** Whether the role is admin. */
  get isAdmin() {
    return this.holder.role === "admin";
  }

  /** Whether the role is clerk or admin, which gives access to people, failures, held users and files. */
  get isClerk() {
    return this.holder.role !== "read";
  }

  /** Whether the token may approve, discard and undo. */
  get mayDecide() {
    return this.holder.may_decide;
  }

  /** @param {string} token @param {Holder} holder */
  begin(token, { name, role, may_decide }) {
    this.storage.setItem(TOKEN, token);
    this.storage.setItem(HOLDER, JSON.stringify({ name, role, may_decide }));
  }

  end() {
    this.storage.removeItem(TOKEN);
    this.storage.removeItem(HOLDER);
  }
}
