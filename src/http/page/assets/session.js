/** The token of this tab. It is stored nowhere else and is lost when the tab closes. */

/** @typedef {"admin" | "read"} Role */

const TOKEN = "rosterd.token";
const ROLE = "rosterd.role";

export class Session {
  /** @param {Storage} storage */
  constructor(storage) {
    this.storage = storage;
  }

  get token() {
    return this.storage.getItem(TOKEN);
  }

  /** The read token gives no access to failures, held users and files. */
  get isAdmin() {
    return this.storage.getItem(ROLE) !== "read";
  }

  /** @param {string} token @param {string | null} role */
  begin(token, role) {
    this.storage.setItem(TOKEN, token);
    this.storage.setItem(ROLE, role ?? "admin");
  }

  end() {
    this.storage.removeItem(TOKEN);
    this.storage.removeItem(ROLE);
  }
}
