/** Shows one tile each for the database, the upload folder, mail, and the next scan. */
import { h, Slot } from "./dom.js";
import { ago, badge, data } from "./parts.js";
import { counted, sentence, shown } from "./words.js";

/** @typedef {import("../../service.ts").StatusDocument} StatusDocument */
/** @typedef {import("./app.js").Page} Page */
/** @typedef {import("./dom.js").Child} Child */
/** @typedef {import("./words.js").Tone} Tone */

/** The precision of the time of the next scan. Without rounding, every status update would rebuild the tile. */
const SHOWN_TO_MS = 30_000;

/** @param {Page} page */
export function health(page) {
  const tiles = [
    tile(page, "Database", ({ database, standby }) => ({ database, standby }), database),
    tile(page, "Upload folder", ({ folder }) => folder, folder),
    tile(page, "Mail", ({ mail }) => mail, mail),
    tile(
      page,
      "Next scan",
      ({ next_turn_at, running }) => ({ at: rounded(next_turn_at), isRunning: running !== null }),
      nextTurn,
    ),
  ];
  return h("section", { "aria-label": "Health", class: "tiles" }, tiles);
}

/**
 * @template T
 * @param {Page} page
 * @param {string} heading
 * @param {(status: StatusDocument) => T} pick
 * @param {(data: T) => Child} build
 */
function tile(page, heading, pick, build) {
  const slot = new Slot(h("div", { class: "tile-body" }), build);
  page.live.onStatus((status) => slot.show(pick(status)), page.signal);
  return h("div", { class: "tile" }, h("h2", null, heading), slot.element);
}

/** @param {Pick<StatusDocument, "database" | "standby">} status */
function database({ database: { kind, state, text }, standby }) {
  const isUsable = state === "usable";
  const what = kind === "embedded" ? "Embedded PostgreSQL, for evaluation" : "PostgreSQL server";
  return [
    isUsable ? badge("good", "Available") : badge("bad", "Unavailable"),
    h("p", null, text === undefined ? what : sentence(shown(text))),
    standby && h("p", null, "Another instance of rosterd runs the imports. This one is on standby."),
  ];
}

/** @param {StatusDocument["folder"]} folder */
function folder({ path, usable, text }) {
  return [
    usable ? badge("good", "Available") : badge("bad", "Unavailable"),
    h("p", { class: "path" }, h("code", null, data(path))),
    text !== undefined && h("p", null, sentence(shown(text))),
  ];
}

/** @param {StatusDocument["mail"]} mail */
function mail({ configured, waiting, problem }) {
  const [tone, word] =
    /** @type {[Tone, string]} */ (!configured
      ? ["attention", "Not set up"]
      : problem !== undefined
      ? ["bad", "Cannot send"]
      : ["good", "Ready"]);
  const waits = counted(waiting, "email is", "emails are");
  return [
    badge(tone, word),
    h(
      "p",
      null,
      !configured
        ? h("a", { href: "#/settings/mail" }, "Set up mail")
        : waiting === 0
        ? "No email is waiting."
        : `${waits} waiting to be sent.`,
    ),
  ];
}

/** @param {{ at: string | null, isRunning: boolean }} turn */
function nextTurn({ at, isRunning }) {
  if (isRunning) return [badge("busy", "Now"), h("p", null, "An import is running.")];
  if (at === null) return h("p", null, "Unknown.");
  return [h("p", { class: "big" }, ago(at)), h("p", null, "Looks for new rosters in the upload folder.")];
}

/** @param {string | null} time */
function rounded(time) {
  return time === null ? null : new Date(Math.round(Date.parse(time) / SHOWN_TO_MS) * SHOWN_TO_MS).toISOString();
}
