/**
 * Recent days on the overview: the last day with imports as a sentence, and the last six weeks as a chart with one
 * column per day.
 */
import { h, link } from "./dom.js";
import { moment, section, table } from "./parts.js";
import { importsLink } from "./route.js";
import { counted, number } from "./words.js";

/** @typedef {import("../../../domain/day.ts").Day} Day */

export const DAYS = 42;

/** The time zone of the browser. */
export const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;

const NAME = new Intl.DateTimeFormat(undefined, { weekday: "short", day: "numeric", month: "short", timeZone: "UTC" });

/** @param {string} day Such as 2026-11-30. */
function nameOf(day) {
  return NAME.format(new Date(`${day}T00:00Z`));
}

/**
 * @param {readonly Day[]} days The days with imports, oldest first.
 * @param {string} today Such as 2026-11-30.
 */
export function news(days, today) {
  const last = days.at(-1);
  if (last === undefined) return null;
  return section(
    "news",
    last.day === today ? "Today" : nameOf(last.day),
    h(
      "p",
      { class: "lead" },
      link(linkOf(last), counted(last.imports, "import")),
      ", ",
      moment(last.last_at),
      ": ",
      cameTo(last, usualOf(days.slice(0, -1))),
    ),
    strip(everyDay(days, today)),
    h(
      "p",
      { class: "faint" },
      "Each day: users changed, held and failed. The line shows the size of the roster; a gap means that no file arrived.",
    ),
    h("details", null, h("summary", null, "The last six weeks as a table"), asTable(days)),
  );
}

/** A link to the only import of a day, or to all its imports. @param {Day} day */
function linkOf({ day, imports, last_import }) {
  return imports === 1 ? `#/imports/${last_import}` : importsLink({ from: day, to: day });
}

/** The minimum number of days needed to determine the usual size of the roster. */
const MIN_DAYS = 3;

/** The median size of the roster. Null if it is not known. @param {readonly Day[]} days */
function usualOf(days) {
  const sizes = days.map(({ records }) => records).filter((size) => size > 0).toSorted((one, other) => one - other);
  return sizes.length < MIN_DAYS ? null : sizes[Math.floor(sizes.length / 2)];
}

/** @param {Day} day @param {number | null} [usual] The usual number of records. */
function cameTo({ records, changed, created, archived, failed, failed_new, all_failed, held, rejected }, usual = null) {
  const updated = changed - created - archived;
  const parts = [
    `${counted(records, "record")}${usual === null ? "" : ` (usually ${number(usual)})`}`,
    ...(changed === 0 ? ["no user changed"] : []),
    ...(created > 0 ? [counted(created, "new user")] : []),
    ...(updated > 0 ? [`${counted(updated, "user")} changed`] : []),
    ...(archived > 0 ? [`${number(archived)} archived`] : []),
    ...(failed > 0
      ? [`${counted(failed, "record")} failed (${failed_new === 0 ? "none" : number(failed_new)} new)`]
      : []),
    ...(all_failed > 0 ? [`every record of ${counted(all_failed, "file")} failed`] : []),
    ...(held > 0 ? [`${number(held)} held for review`] : []),
    ...(rejected > 0 ? [`${counted(rejected, "file")} rejected`] : []),
  ];
  return `${parts.join(", ")}.`;
}

/** Every day up to today. @param {readonly Day[]} days @param {string} today @returns {{ day: string, came: Day | null }[]} */
function everyDay(days, today) {
  const end = Date.parse(`${today}T00:00Z`);
  return Array.from({ length: DAYS }, (_, index) => {
    const day = new Date(end - (DAYS - 1 - index) * 86_400_000).toISOString().slice(0, 10);
    return { day, came: days.find((one) => one.day === day) ?? null };
  });
}

const WIDTH = 14, GAP = 3, HEIGHT = 64;

/** @param {{ day: string, came: Day | null }[]} days */
function strip(days) {
  const mostUsers = Math.max(1, ...days.map(({ came }) => came === null ? 0 : came.changed + came.failed + came.held));
  const mostRecords = Math.max(1, ...days.map(({ came }) => came?.records ?? 0));
  // The height follows a square-root scale, so that a night with 3 changes stays visible beside a night with 3,000.
  const height = (/** @type {number} */ count) => count === 0 ? 0 : Math.max(2, HEIGHT * Math.sqrt(count / mostUsers));
  const columns = days.map(({ day, came }, index) => column({ day, came, x: index * (WIDTH + GAP), height }));
  const points = days.flatMap(({ came }, index) =>
    came === null || came.records === 0
      ? []
      : [`${index * (WIDTH + GAP) + WIDTH / 2},${HEIGHT + 2 - HEIGHT * came.records / mostRecords}`]
  );
  return svg(
    "svg",
    {
      viewBox: `0 0 ${DAYS * (WIDTH + GAP)} ${HEIGHT + 4}`,
      class: "strip",
      role: "group",
      "aria-label": "The last six weeks, day by day",
    },
    ...columns,
    svg("polyline", { class: "strip-size", points: points.join(" ") }),
  );
}

/** @param {{ day: string, came: Day | null, x: number, height: (count: number) => number }} column */
function column({ day, came, x, height }) {
  const title = svg("title", null, `${nameOf(day)}: ${came === null ? "no file came." : cameTo(came)}`);
  if (came === null) {
    return svg("g", null, svg("rect", { class: "strip-gap", x, y: HEIGHT, width: WIDTH, height: 2 }), title);
  }
  let top = HEIGHT + 2;
  const total = came.changed + came.failed + came.held;
  const parts = /** @type {const} */ (["changed", "held", "failed"]).map((name) => {
    const part = total === 0 ? 0 : height(total) * came[name] / total;
    top -= part;
    return svg("rect", { class: `strip-${name}`, x, y: top, width: WIDTH, height: part });
  });
  const isBad = came.rejected + came.all_failed > 0;
  return svg(
    "a",
    { href: linkOf(came) },
    svg("rect", { class: "strip-day", x, y: 0, width: WIDTH, height: HEIGHT + 4 }),
    ...parts,
    svg("rect", {
      class: isBad ? "strip-failed" : "strip-base",
      x,
      y: HEIGHT + 1,
      width: WIDTH,
      height: isBad ? 3 : 1,
    }),
    title,
  );
}

/** @param {readonly Day[]} days */
function asTable(days) {
  const counts = ["Imports", "Records", "Changed", "Held", "Failed", "Rejected"];
  const columns = [{ heading: "Day", kind: "file" }, ...counts.map((heading) => ({ heading, kind: "number" }))];
  const rows = days.toReversed().map((came) => [
    link(linkOf(came), nameOf(came.day)),
    ...[came.imports, came.records, came.changed, came.held, came.failed, came.rejected].map(number),
  ]);
  return table("The last six weeks, newest first", columns, rows, "dense");
}

/** @param {string} tag @param {Record<string, string | number> | null} attributes @param {...(Node | string)} children */
function svg(tag, attributes, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes ?? {})) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}
