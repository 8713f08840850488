/**
 * The history: imports as a dense table, newest first, with filters, totals, and counts that link to the people
 * counted.
 */
import { h, link, p, Slot } from "./dom.js";
import { feedPath, feedWord } from "./feed.js";
import { data, empty, moment, statusBadge, table, viewOf } from "./parts.js";
import { changesLink, importsLink, midnight } from "./route.js";
import { counted, inShort, number, sentence, shown, STATUS_NAMES, statusWord } from "./words.js";

/** @typedef {import("../../../importer/ports.ts").ImportEntry} ImportEntry */
/** @typedef {import("./app.js").Page} Page */
/** @typedef {import("./dom.js").Child} Child */
/** @typedef {import("./route.js").Route} Route */
/** @typedef {{ imports: ImportEntry[], next: number | null, address: string }} ImportPage */

const ON_A_PAGE = 60;

/** @param {Page} page @param {Route} route */
export async function importsView(page, { query }) {
  let address = query.toString();
  // The status lists the feeds.
  if (page.live.status === null) await page.live.look();
  const form = filters(page, query);
  const slot = new Slot(h("div", { class: "stack" }), (/** @type {ImportPage} */ loaded) => list(loaded, page));
  await load();
  page.live.onHistory(() => void load().catch(() => {}), page.signal);
  return { ...viewOf("Imports", null, form, slot.element), moved };

  async function load() {
    const own = address;
    const loaded = await page.api.get(`imports?${asked(new URLSearchParams(own))}`, page.signal);
    // The response to a later choice may have arrived first.
    if (own === address) slot.show({ ...loaded, address });
    return loaded.imports.length;
  }

  /** Follows the address, so that the focus stays in the form. @param {Route} to */
  function moved({ name, rest, query }) {
    if (name !== "imports" || rest !== "") return false;
    address = query.toString();
    fill(form, query);
    void load().then((count) => page.announce(counted(count, "import")), page.live.onTrouble);
    return true;
  }
}

/** The call for a place in the history. Its days are in the time zone of the browser. @param {URLSearchParams} query */
function asked(query) {
  const names = /** @type {const} */ (["status", "feed", "file", "before"]);
  const given = names.flatMap((name) => query.has(name) ? [[name, query.get(name) ?? ""]] : []);
  const [from, to] = [query.get("from"), query.get("to")];
  if (from !== null) given.push(["since", midnight(from)]);
  if (to !== null) given.push(["until", midnight(to, 1)]);
  return new URLSearchParams([...given, ["limit", String(ON_A_PAGE)]]);
}

/** Represents all feeds, because the upload folder itself is the feed "". */
const EVERY_FEED = "*";

/** @param {Page} page @param {URLSearchParams} query */
function filters({ live }, query) {
  const feeds = live.status?.feeds.map(({ name }) => name) ?? [];
  const form = h(
    "form",
    { class: "filters", role: "search", "aria-label": "Filter the imports", onchange: apply, onsubmit: apply },
    labelled("Status", choice("status", [["", "All"], ...STATUS_NAMES.map((name) => [name, statusWord(name)])])),
    feeds.length > 1 &&
      labelled("Feed", choice("feed", [[EVERY_FEED, "All"], ...feeds.map((name) => [name, feedWord(name)])])),
    labelled("File", h("input", { type: "text", name: "file", autocomplete: "off", maxlength: 255 })),
    labelled("From", h("input", { type: "date", name: "from" })),
    labelled("To", h("input", { type: "date", name: "to" })),
  );
  fill(form, query);
  return form;

  /** @param {Event} event */
  function apply(event) {
    event.preventDefault();
    const given = [...new FormData(form)].filter(([name, value]) => value !== (name === "feed" ? EVERY_FEED : ""));
    location.hash = importsLink(Object.fromEntries(given.map(([name, value]) => [name, String(value)])));
  }
}

/** @param {string} label @param {HTMLElement} control */
function labelled(label, control) {
  return h("label", null, label, control);
}

/** @param {string} name @param {readonly (readonly string[])[]} options */
function choice(name, options) {
  return h("select", { name }, options.map(([value, text]) => h("option", { value }, text)));
}

/** @param {HTMLFormElement} form @param {URLSearchParams} query */
function fill(form, query) {
  for (const control of /** @type {HTMLCollectionOf<HTMLInputElement>} */ (form.elements)) {
    control.value = query.get(control.name) ?? (control.name === "feed" ? EVERY_FEED : "");
  }
}

/** @param {ImportPage} loaded @param {Page} page */
function list({ imports, next, address }, page) {
  const { before, ...chosen } =
    /** @type {Record<string, string>} */ (Object.fromEntries(new URLSearchParams(address)));
  if (imports.length === 0 && before === undefined) return nothing(address !== "");
  return [
    importTable(imports, "Imports, newest first", page, totals(imports)),
    (next !== null || before !== undefined) && h(
      "nav",
      { class: "pager", "aria-label": "History pages" },
      before !== undefined && h("a", { class: "button", href: importsLink(chosen) }, "Newest"),
      next !== null && h("a", { class: "button", href: importsLink({ ...chosen, before: next }) }, "Older"),
    ),
  ];
}

/** @param {boolean} isFiltered */
function nothing(isFiltered) {
  if (isFiltered) return empty("No imports match.", p(link("#/imports", "Show all imports")));
  const check = link("#/check", "check a file");
  const what = ["Drop a roster into the upload folder, or ", check, " first to see the result of an import."];
  return empty("No imports yet.", p(what));
}

/** The counts in the table: the heading, the number, and the link to the people counted. */
const COUNTS = /** @type {[string, (entry: ImportEntry) => number, (entry: ImportEntry) => string][]} */ ([
  ["New", ({ created }) => created, ({ id }) => changesLink(id, "created")],
  [
    "Changed",
    ({ updated, reactivated }) => updated + reactivated,
    ({ id, updated, reactivated }) =>
      changesLink(id, reactivated === 0 ? "updated" : updated === 0 ? "reactivated" : null),
  ],
  [
    "Archived",
    ({ archived, missing_archived }) => archived + missing_archived,
    ({ id }) => changesLink(id, "archived"),
  ],
  [
    "Held",
    ({ held, missing_held }) => held + missing_held,
    ({ id, hold }) => hold?.kind === "changes" ? `#/imports/${id}` : changesLink(id, "held"),
  ],
  ["Failed", ({ failed }) => failed, ({ id }) => `#/imports/${id}?part=failures`],
]);

/**
 * @param {readonly ImportEntry[]} imports @param {string} caption @param {Page} page
 * @param {readonly number[]} [sums] The totals of the counts.
 */
export function importTable(imports, caption, { live, session }, sums) {
  const hasFeeds = (live.status?.feeds.length ?? 0) > 1 || imports.some(({ feed }) => feed !== "");
  const columns = [
    { heading: "Started", kind: "when" },
    { heading: "File", kind: "file" },
    ...(hasFeeds ? [{ heading: "Feed", kind: "feed" }] : []),
    { heading: "Status", kind: "status" },
    ...COUNTS.map(([heading]) => ({ heading, kind: "number" })),
  ];
  const between = Array(columns.length - COUNTS.length - 1).fill("");
  const last = sums && [counted(imports.length, "import"), ...between, ...sums.map(number)];
  return table(caption, columns, imports.map(row), "dense", last);

  /** @param {ImportEntry} entry @returns {Child[]} */
  function row(entry) {
    const { id, feed, file, started_at } = entry;
    return [
      [h("span", { class: "long" }, moment(started_at)), h("span", { class: "short" }, inShort(started_at))],
      h("a", { href: `#/imports/${id}`, id: `import-${id}` }, data(hasFeeds ? file : feedPath(entry))),
      ...(hasFeeds ? [feed === "" ? h("span", { class: "faint" }, feedWord(feed)) : data(feed)] : []),
      statusBadge(entry),
      ...counts(entry),
    ];
  }

  /** The reason that is shown if an import has no counts. @param {ImportEntry} entry @returns {Child[]} */
  function counts(entry) {
    if (entry.status === "running") return [h("span", { class: "faint" }, "in progress")];
    if (entry.reason !== null) return [h("span", { class: "faint" }, sentence(shown(entry.reason.text)))];
    return COUNTS.map(([heading, countOf, linkOf]) => {
      const count = countOf(entry);
      if (count === 0) return 0;
      if (!session.isClerk) return number(count);
      const label = `${number(count)} ${heading.toLowerCase()}: show them`;
      return h("a", { href: linkOf(entry), "aria-label": label }, number(count));
    });
  }
}

/** @param {readonly ImportEntry[]} imports */
function totals(imports) {
  return COUNTS.map(([, countOf]) => imports.reduce((sum, entry) => sum + countOf(entry), 0));
}
