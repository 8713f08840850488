/** The machinery: one line while all is well; otherwise, what is wrong, what to do, and when rosterd will try again. */
import { h, li, link, p } from "./dom.js";
import { ago, badge, data, notice } from "./parts.js";
import { counted, sentence, shown, size } from "./words.js";

/** @typedef {import("../../service.ts").StatusDocument} StatusDocument */
/** @typedef {import("./dom.js").Child} Child */
/** @typedef {import("./words.js").Tone} Tone */

/**
 * The times of the next attempts are rounded to this precision, so that the line is not rebuilt on every status update.
 */
const SHOWN_TO_MS = 30_000;

/** The parts of a status that the line and the problems show. @param {StatusDocument} status */
export function healthOf(
  { ready, standby, problems, open_holds, mail, running, database, folder, feeds, settings, next_turn_at },
) {
  return {
    ...{ ready, standby, problems, open_holds, database, folder, settings, isRunning: running !== null },
    bak: bakOf(feeds),
    ...{ mail: { ...mail, next_at: rounded(mail.next_at) }, next_turn_at: rounded(next_turn_at) },
  };
}

/** The files in all bak folders. @param {StatusDocument["feeds"]} feeds */
function bakOf(feeds) {
  const counts = feeds.flatMap(({ bak }) => bak ?? []);
  return {
    files: counts.reduce((sum, { files }) => sum + files, 0),
    bytes: counts.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

/** @param {string | null} time */
function rounded(time) {
  return time === null ? null : new Date(Math.round(Date.parse(time) / SHOWN_TO_MS) * SHOWN_TO_MS).toISOString();
}

/** @typedef {ReturnType<typeof healthOf>} Health */

/** The verdict, and the machinery in one line if all of it works. @param {Health} health */
export function healthLine(health) {
  const { database, folder, bak, mail, next_turn_at, isRunning } = health;
  const { tone, words } = verdictOf(health);
  const isWell = !health.problems.some(isTrouble) && mail.problem === undefined;
  return h(
    "p",
    { class: "under", id: "verdict" },
    badge(tone, words),
    isWell && [
      database.kind === "embedded" && h("span", null, "Embedded PostgreSQL, for evaluation"),
      h("span", null, "Uploads in ", h("code", null, data(folder.path))),
      h("span", null, `${counted(bak.files, "file")} in bak, ${size(bak.bytes)}`),
      h(
        "span",
        null,
        mail.waiting === 0 ? "No email waiting" : counted(mail.waiting, "email waiting", "emails waiting"),
      ),
    ],
    next_turn_at !== null && !isRunning && h("span", null, "Next scan ", ago(next_turn_at)),
  );
}

/** @param {Health} health @returns {{ tone: Tone, words: string }} */
function verdictOf({ ready, standby, problems, open_holds, mail, isRunning }) {
  const open = problems.filter(isTrouble).length + open_holds + (mail.problem === undefined ? 0 : 1);
  if (!ready) return { tone: "bad", words: "Imports are not possible right now" };
  if (open > 0) return { tone: "attention", words: `Needs attention: ${counted(open, "item")}` };
  if (standby) return { tone: "quiet", words: "Standby: another instance of rosterd is importing into this database" };
  return isRunning
    ? { tone: "busy", words: "Everything is working, and an import is running" }
    : { tone: "good", words: "Everything is working" };
}

/** Standby is the normal state of a second rosterd. @param {{ code: string }} problem */
function isTrouble({ code }) {
  return code !== "standby";
}

/** Shorter messages that replace the problem's own message. @type {Record<string, string>} */
const WORDS = { mail_not_configured: "Mail is not set up, so no emails are sent." };

/** What to do about a problem if its own message does not say so. @type {Record<string, Child>} */
const REMEDIES = {
  database:
    "Start the database, or correct DATABASE_URL. No files will be lost. rosterd retries at least once a minute.",
  settings: "Correct the settings file by hand. Until then, nothing will be imported.",
  mail_not_configured: [
    "Failed records are available only in the bak folder and on this page. ",
    link("#/settings/mail", "Set up mail"),
  ],
  no_archive_guard: link("#/settings/archiving", "Review the archive guard"),
};

/** Returns null while all is well. @param {Health} health */
export function troubles({ ready, problems, folder, settings, mail, next_turn_at }) {
  const lines = problems.filter(isTrouble).map(({ code, text }) => {
    const more = code === "settings"
      ? settings.text
      : REMEDIES[code] === undefined && !folder.usable
      ? folder.text
      : undefined;
    return line(WORDS[code] ?? more ?? text, REMEDIES[code]);
  });
  if (mail.problem !== undefined) {
    const again = mail.next_at !== null && ["rosterd tries again ", ago(mail.next_at), ". "];
    const review = link("#/settings/mail", "Review the mail settings");
    lines.push(line(`Mail cannot be sent: ${mail.problem}`, [again, review]));
  }
  if (lines.length === 0) return null;
  return notice(
    ready ? "attention" : "bad",
    h("ul", { class: "lines" }, lines),
    !ready && next_turn_at !== null && p("The next scan is ", ago(next_turn_at), "."),
  );
}

/** @param {string} text @param {Child} remedy */
function line(text, remedy) {
  return li(sentence(shown(text)), " ", remedy);
}
