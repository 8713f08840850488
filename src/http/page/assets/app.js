/** Assembles the page from the session, the current view and the live status. Every view gets these parts. */
import { feedPath } from "./feed.js";
import { Api, ApiError } from "./api.js";
import { changesView } from "./changes.js";
import { checkView } from "./check.js";
import { h, li, link, p } from "./dom.js";
import { importView } from "./import.js";
import { importsView } from "./imports.js";
import { Live } from "./live.js";
import { overview } from "./overview.js";
import { button, empty, trouble } from "./parts.js";
import { parseRoute, signInSecret } from "./route.js";
import { Session } from "./session.js";
import { feedView, settingsView } from "./settings.js";
import { settingsHistory } from "./settings_history.js";
import { signIn } from "./sign_in.js";
import { userView } from "./user.js";
import { usersView } from "./users.js";
import { countsInWords, fromNow, shown, statusOf } from "./words.js";

/** @typedef {import("./route.js").Route} Route */

/**
 * The parts that each view receives.
 * @typedef {object} Page
 * @property {Api} api
 * @property {Live} live
 * @property {Session} session
 * @property {AbortSignal} signal Aborted when the view is left.
 * @property {(text: string) => void} announce Announces text to screen readers.
 */

/**
 * @typedef {object} View
 * @property {string} title
 * @property {HTMLElement} content
 * @property {(route: Route) => boolean} [moved] Moves to another place in the same view; false if it is not in it.
 * @property {() => Promise<boolean>} [mayLeave]
 * @property {() => unknown} [shown] Called once the view is in the page.
 */

const LINKS = [["", "Overview"], ["imports", "Imports"], ["check", "Check"], ["settings", "Settings"]];

const session = new Session(sessionStorage);
const api = new Api(session, () => signOut("Your token is no longer valid. Sign in again."));
const live = new Live(api, onTrouble);

const announcer = h("p", { role: "status", class: "visually-hidden", id: "announcer" });
const connection = h("div", { class: "connection", role: "status" });
const main = h("main", { id: "main" });
const nav = h("nav", { "aria-label": "Main" });

/** @type {AbortController} */
let leaving = new AbortController();
/** @type {View | null} */
let current = null;
/** The address of the current view. */
let address = "";
let isFirst = true;
/** @type {AbortController | null} Aborted when the session ends. */
let signedIn = null;

globalThis.addEventListener("hashchange", () => void (signInSecret(location.hash) === null ? go() : useLink()));
setInterval(refreshTimes, 10_000);
if (signInSecret(location.hash) !== null) void useLink();
else if (session.token === null) askForToken(null);
else void reopen();

/**
 * Signs in with the link in the address, replacing any earlier session. The secret is removed from the address at once.
 */
async function useLink() {
  const secret = signInSecret(location.hash) ?? "";
  history.replaceState(null, "", "#/");
  signOut(null);
  try {
    const started = await api.startSession(secret);
    session.begin(started.token, started);
    open();
  } catch (error) {
    const isOver = !(error instanceof ApiError) || error.status === 401;
    askForToken(isOver ? "This sign-in link no longer works. Ask for a new one." : error.message);
  }
}

/** Checks the token after a reload, because its role or rights may have changed. */
async function reopen() {
  const { token } = session;
  try {
    if (token !== null) session.begin(token, await api.holder(token));
  } catch (error) {
    // If the service is unreachable, the session is kept, and the views describe the problem.
    if (error instanceof ApiError && error.status === 401) {
      return signOut("Your token is no longer valid. Sign in again.");
    }
  }
  open();
}

/** @param {string | null} why */
function askForToken(why) {
  document.title = "Sign in – rosterd";
  document.body.replaceChildren(signIn(api, why, open), announcer);
  document.getElementById("token")?.focus();
}

function open() {
  const skip = h("a", { href: "#main", class: "skip" }, "Skip to content");
  skip.addEventListener("click", (event) => {
    event.preventDefault();
    main.querySelector("h1")?.focus();
  });
  const brand = h(
    "a",
    { href: "#/", class: "brand" },
    h("img", { src: "assets/icon.svg", alt: "", width: "28", height: "28" }),
    "rosterd",
  );
  const { name, role } = session.holder;
  const who = h(
    "span",
    { id: "who" },
    h("span", { class: "visually-hidden" }, "Signed in as "),
    shown(name),
    role === name ? "" : ` (${role})`,
  );
  const out = button("Sign out", () => signOut(null), { class: "button quiet", id: "sign-out" });
  document.body.replaceChildren(
    skip,
    h("header", null, h("div", { class: "bar-of-page" }, brand, nav, session.isClerk && search(), who, out)),
    connection,
    main,
    announcer,
  );
  isFirst = true;
  address = "";
  live.start();
  live.onStatus(announceEnds(), endOfSession());
  void live.look();
  void go();
}

/** Creates the people search form. */
function search() {
  const input = h("input", {
    type: "text",
    id: "search",
    "aria-label": "Find a person",
    placeholder: "Find a person",
    autocomplete: "off",
    maxlength: 200,
  });
  /** @param {Event} event */
  const find = (event) => {
    event.preventDefault();
    if (input.value.trim() !== "") location.hash = `#/users?q=${encodeURIComponent(input.value.trim())}`;
  };
  return h("form", { role: "search", class: "search", onsubmit: find }, input);
}

function endOfSession() {
  signedIn = new AbortController();
  return signedIn.signal;
}

/** @param {string | null} why */
function signOut(why) {
  if (session.token === null && why !== null) return;
  session.end();
  live.stop();
  leaving.abort();
  signedIn?.abort();
  current = null;
  main.replaceChildren();
  connection.replaceChildren();
  for (const dialog of document.querySelectorAll("dialog")) dialog.close();
  askForToken(why);
}

/** Shows the view for the current address. */
async function go() {
  if (session.token === null || location.hash === address && !isFirst) return;
  const route = parseRoute(location.hash);
  if (current?.moved?.(route)) {
    address = location.hash;
    return;
  }
  if (current?.mayLeave !== undefined && !await stays()) return;
  address = location.hash;
  leaving.abort();
  const own = leaving = new AbortController();
  const waiting = setTimeout(() => main.setAttribute("aria-busy", "true"), 150);
  const view = await load(route, own.signal);
  clearTimeout(waiting);
  if (own.signal.aborted) return;
  main.removeAttribute("aria-busy");
  show(view, route);
}

/** Asks about unsaved changes. Returns false if the user wants to keep editing. */
async function stays() {
  const wanted = location.hash;
  history.replaceState(null, "", address === "" ? "#/" : address);
  if (await current?.mayLeave?.() !== true) return false;
  current = null;
  history.pushState(null, "", wanted);
  return true;
}

/** @param {Route} route @param {AbortSignal} signal @returns {Promise<View>} */
async function load(route, signal) {
  const page = { api, live, session, signal, announce };
  try {
    return await viewOf(route, page);
  } catch (error) {
    const missing = error instanceof ApiError && (error.status === 404 || error.status === 422);
    const retry = () => {
      isFirst = true;
      void go();
    };
    const again = button("Try again", retry);
    if (error instanceof ApiError && error.passes) live.onHistory(retry, signal);
    const content = missing ? notThere() : h(
      "div",
      { class: "stack" },
      h("h1", { tabindex: "-1" }, "This page cannot be shown right now"),
      trouble(error),
      h("div", { class: "actions" }, again),
    );
    return { title: "Unavailable", content };
  }
}

/** @param {Route} route @param {Page} page @returns {Promise<View>} */
async function viewOf(route, page) {
  const { name, rest } = route;
  if (name === "") return await overview(page);
  if (name === "imports" && rest === "") return await importsView(page, route);
  if (name === "imports" && /^[1-9]\d*$/.test(rest)) return await importView(page, route);
  if (name === "imports" && /^[1-9]\d*\/changes$/.test(rest)) return await changesView(page, route);
  if (name === "users" && rest === "") return await usersView(page, route);
  if (name === "users") return await userView(page, decodeURIComponent(rest));
  if (name === "check") return await checkView(page);
  if (name === "feed") return await feedView(page, route);
  if (name === "settings") return await settingsView(page, route);
  if (name === "settings-history") return await settingsHistory(page);
  return { title: "Not found", content: notThere() };
}

function notThere() {
  return h(
    "div",
    { class: "stack" },
    h("h1", { tabindex: "-1" }, "Page not found"),
    empty(
      "The link is wrong, or its target no longer exists.",
      p(link("#/", "Go to the overview")),
    ),
  );
}

/** @param {View} view @param {Route} route */
function show(view, route) {
  current = view;
  document.title = `${view.title} – rosterd`;
  nav.replaceChildren(
    h(
      "ul",
      null,
      LINKS.map(([name, label]) =>
        li(h("a", { href: `#/${name}`, "aria-current": name === route.name.split("-")[0] && "page" }, label))
      ),
    ),
  );
  main.replaceChildren(view.content);
  globalThis.scrollTo(0, 0);
  // After a click on a link, the heading gets the focus, so that screen readers continue from the heading. After a full
  // load, screen readers read the page from the top anyway.
  if (!isFirst) main.querySelector("h1")?.focus({ preventScroll: true });
  isFirst = false;
  view.shown?.();
}

/** @param {unknown} error Null when the service answers again. */
function onTrouble(error) {
  if (error === null) return connection.replaceChildren();
  if (connection.childElementCount > 0 || error instanceof ApiError && !error.passes) return;
  connection.replaceChildren(
    h("p", { class: "notice attention" }, "The service is not responding. This page may be out of date. Retrying…"),
  );
}

/** @param {string} text */
function announce(text) {
  announcer.textContent = text;
}

/** Creates a status listener that announces the start and the result of each import. */
function announceEnds() {
  /** @type {{ id: number | null, file: string } | null} */
  let before = null;
  /** @param {import("../../service.ts").StatusDocument} status */
  return ({ running }) => {
    if (running !== null && running.id !== before?.id) announce(`An import of ${shown(feedPath(running))} is running`);
    if (before !== null && before.id !== null && running?.id !== before.id) void announceEnd(before.id);
    before = running;
  };
}

/** @param {number} id */
async function announceEnd(id) {
  try {
    const entry = await api.get(`imports/${id}`);
    announce(`${shown(feedPath(entry))}: ${statusOf(entry).word}, ${countsInWords(entry)}`);
  } catch { /* The announcement is lost, but the page shows the same result. */ }
}

function refreshTimes() {
  for (const time of document.querySelectorAll("time[data-from-now]")) {
    time.textContent = fromNow(time.getAttribute("datetime") ?? "", Date.now());
  }
}
