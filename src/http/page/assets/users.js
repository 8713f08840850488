/** The view of the users that a search found. */
import { p } from "./dom.js";
import { paged } from "./paged.js";
import { data, empty, table, userLink, viewOf } from "./parts.js";
import { fullName, shown } from "./words.js";

/** @typedef {import("../../../domain/user.ts").FoundUser} FoundUser */
/** @typedef {import("./app.js").Page} Page */
/** @typedef {import("./route.js").Route} Route */

const ON_A_PAGE = 100;

/** @param {Page} page @param {Route} route */
export async function usersView(page, { query }) {
  const q = query.get("q") ?? "";
  const list = await paged({
    what: "users",
    load: async (cursor) => {
      const after = cursor === null ? "" : `&after=${encodeURIComponent(cursor)}`;
      const { users, next } = await page.api.get(
        `users?q=${encodeURIComponent(q)}&limit=${ON_A_PAGE}${after}`,
        page.signal,
      );
      return { items: users, next };
    },
    show: (/** @type {readonly FoundUser[]} */ users) =>
      users.length === 0
        ? empty("No users found.", p("No unique_id, user name, email or last name begins with this text."))
        : userTable(users),
  });
  return viewOf(`Users: ${shown(q)}`, null, list);
}

/** @param {readonly FoundUser[]} users */
function userTable(users) {
  const rows = users.map(({ unique_id, state, login_source, first_name, last_name, user_name, email }) => [
    userLink(unique_id),
    data(fullName({ first_name, last_name })),
    user_name === null ? "" : data(user_name),
    email === null ? "" : data(email),
    data(login_source),
    state,
  ]);
  const headings = ["unique_id", "Name", "User name", "Email", "Login source", "State"];
  return table("Users found", headings.map((heading) => ({ heading })), rows, "people");
}
