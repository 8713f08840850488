/**
 * A slow but simple model of the settings for exports, based on docs/file-format.md#values and the sections after it.
 * `taken_model.ts` models repeated ids and taken values. The tests compare imports and dry runs against this model.
 */
import type { DateFormat } from "../../../src/domain/setting_values.ts";
import type { Settings } from "../../../src/domain/settings.ts";
import { expectedOutcome } from "../model/taken_model.ts";

/** The column names, in column order. */
export const NAMES = ["login_source", "email", "city", "province", "phone_cell", "data_of_birth"] as const;
export type Name = typeof NAMES[number];

export type Person = Record<Name, string | null> & { state: "active" | "disabled" | "archived" };
export type People = Map<string, Person>;

/** A value as written in the file. Quoted values keep their blanks. */
export interface Cell {
  text: string;
  isQuoted: boolean;
}

export type RosterRecord = { unique_id: string } & Record<Name | "active", Cell>;

export interface Roster {
  records: RosterRecord[];
  /** The columns of the file other than unique_id. */
  columns: (Name | "active")[];
}

export interface Expected {
  rejected: "header" | "spreadsheet_damage" | null;
  counts: Record<string, number>;
  /** The codes of the problems, by line. */
  failures: Record<number, string[]>;
  /** Maps each unique_id to the change that `check` reports for the user. */
  changes: Record<string, string>;
  /** Each entry has the form "line column: the roster's value, the value kept". */
  kept: string[];
  /** Columns in which more than half of the records fail for a reason that a setting can fix. */
  failing: string[];
}

/** The effect of a record on a column: a value to set, `CLEAR`, or no effect. */
type Said = string | null | typeof CLEAR;
const CLEAR = Symbol("clear");

interface Read {
  id: string;
  said: Partial<Record<Name | "active", Said>>;
  /** The code of the problem in each column. */
  problems: Record<string, string>;
  isDamaged: boolean;
}

export function importRoster(people: People, { records, columns }: Roster, settings: Settings): Expected {
  const nothing = { counts: {}, failures: {}, changes: {}, kept: [], failing: [] };
  const needed = ["login_source", ...settings.required_columns].filter((name) => !(name in settings.defaults));
  if (needed.some((name) => !columns.includes(name as Name))) return { ...nothing, rejected: "header" };

  const read = records.map((record) => readRecord(record, columns, settings));
  const lost = new Set<string>();
  for (const [at, one] of read.entries()) {
    const isFirst = read.findIndex(({ id }) => id === one.id) === at;
    if (!isFirst || !settings.detect_spreadsheet_damage || !lostZeros(people, one)) continue;
    lost.add(one.id);
    one.problems = { unique_id: "9033" };
    one.isDamaged = true;
  }
  if (2 * read.filter(({ isDamaged }) => isDamaged).length > read.length) {
    return { ...nothing, rejected: "spreadsheet_damage" };
  }

  const { failures, skipped, good, gives } = judge(people, read, lost, settings);
  const counts: Record<string, number> = { records: read.length, skipped, failed: Object.keys(failures).length };
  const changes: Record<string, string> = {}, kept: string[] = [];
  for (const at of good) {
    const one = read[at], before = people.get(one.id);
    for (const name of settings.fill_only_columns as Name[]) {
      const said = one.said[name], own = before?.[name] ?? null;
      if (name === "email" && gives.has(one.id)) continue;
      if (typeof said === "string" && own !== null && own !== said) kept.push(`${at + 2} ${name}: ${said}, ${own}`);
    }
    const after = applied(before, one, settings);
    // A user who gives up an email address does not get the one in their own record.
    if (gives.has(one.id)) after.email = before!.email;
    const outcome = outcomeOf(before, after);
    counts[outcome] = (counts[outcome] ?? 0) + 1;
    if (outcome !== "unchanged") changes[one.id] = outcome;
    people.set(one.id, after);
  }
  for (const id of gives) {
    people.set(id, { ...people.get(id)!, email: null });
    changes[id] ??= "updated";
  }
  const missing = good.length === 0 ? [] : missingUsers(people, read, settings);
  for (const id of missing) {
    people.set(id, { ...people.get(id)!, state: "archived" });
    changes[id] = "archived";
  }
  counts.missing_archived = missing.length;
  const failing = (["login_source", "city", "province", "active"] as const).filter((name) => {
    const failed = read.filter(({ problems }) => problems[name] !== undefined);
    const isCurable = failed.some(({ said }) => said[name] === null ? name !== "active" : name !== "city");
    return 2 * failed.length > read.length && isCurable;
  });
  return { rejected: null, counts, failures, changes, kept: kept.sort(), failing };
}

function readRecord(record: RosterRecord, columns: Roster["columns"], settings: Settings): Read {
  const read: Read = { id: record.unique_id, said: {}, problems: {}, isDamaged: false };
  for (const name of [...NAMES, "active"] as const) {
    if (!columns.includes(name)) continue;
    const text = mapped(name, textOf(name, record[name]), settings);
    const isRequired = name === "login_source" || settings.required_columns.includes(name);
    const isDamaged = settings.detect_spreadsheet_damage && text !== "" && text !== settings.clear_token &&
      (text.includes("\ufffd") || (name === "phone_cell" && /^\d(\.\d+)?E[+-]\d+$/.test(text)));
    if (text === "") {
      if (isRequired && !(name in settings.defaults)) read.problems[name] = name === "login_source" ? "9014" : "9031";
      const clears = settings.empty_values === "clear" && name !== "active" && !isRequired &&
        !(name in settings.defaults) && !settings.fill_only_columns.includes(name);
      read.said[name] = clears ? CLEAR : null;
    } else if (text === settings.clear_token) {
      if (isRequired) read.problems[name] = "9031";
      else if (name === "active") read.problems[name] = "9033";
      read.said[name] = name in read.problems ? text : CLEAR;
    } else {
      const [code, value] = isDamaged ? ["9033", text] : judged(name, text, settings);
      if (code !== null) read.problems[name] = code;
      read.said[name] = value;
      read.isDamaged ||= isDamaged;
    }
  }
  return read;
}

/** "A quoted value keeps its blanks, except in unique_id, login_source, user_name, email and active." */
function textOf(name: Name | "active", { text, isQuoted }: Cell): string {
  return isQuoted && !["login_source", "email", "active"].includes(name) ? text : text.trim();
}

/** "Values are compared without leading or trailing spaces, and the letter case of A–Z is ignored." */
function mapped(name: string, text: string, { value_maps }: Settings): string {
  const entry = Object.entries(value_maps[name] ?? {}).find(([from]) => fold(from) === fold(text));
  return text === "" || entry === undefined ? text : entry[1];
}

const fold = (text: string) => text.trim().replace(/[A-Z]/g, (letter) => letter.toLowerCase());

/** The problem's code and the value as it is stored. */
function judged(name: Name | "active", text: string, settings: Settings): [code: string | null, value: string] {
  switch (name) {
    case "login_source":
      return [settings.login_sources.length > 0 && !settings.login_sources.includes(text) ? "9015" : null, text];
    case "email":
      return [/^[a-z]+@x\.org$/i.test(text) ? null : "9033", text];
    case "province":
      if (/^[a-zA-Z]{2}$/.test(text)) return [null, text.toUpperCase()];
      return [[...text].length > 2 ? "9030" : "9033", text];
    case "active":
      return [text === "0" || text === "1" ? null : "9033", text];
    case "data_of_birth": {
      const date = dateOf(text, settings.date_format);
      return date === null ? ["9033", text] : [null, date];
    }
    default:
      return [null, text];
  }
}

const MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split(" ");

/** Returns the date in ISO format, or null if it does not exist or is in the future. */
export function dateOf(text: string, format: DateFormat): string | null {
  const [a, b, c] = text.split(/[-./]/);
  const parts: Record<DateFormat, (string | undefined)[]> = {
    "YYYY-MM-DD": [],
    "DD/MM/YYYY": [c, b, a],
    "MM/DD/YYYY": [c, a, b],
    "YYYYMMDD": /^\d{8}$/.test(text) ? [text.slice(0, 4), text.slice(4, 6), text.slice(6)] : [],
    "DD-MON-YYYY": [c, String(MONTHS.indexOf(b?.slice(0, 3).toLowerCase()) + 1), a],
  };
  const [year = "", month = "", day = ""] = /^\d{4}-\d\d-\d\d$/.test(text) ? [a, b, c] : parts[format];
  if (!/^\d{4}$/.test(year) || !/^\d\d?$/.test(month) || !/^\d\d?$/.test(day)) return null;
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  const isReal = date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day);
  return isReal && date <= new Date() ? date.toISOString().slice(0, 10) : null;
}

/** "its unique_id is unknown, has only digits, and is exactly one known unique_id without its leading zeros" */
function lostZeros(people: People, { id, problems }: Read): boolean {
  if (people.has(id) || Object.keys(problems).length > 0 || !/^[1-9]\d*$/.test(id)) return false;
  return [...people.keys()].filter((known) => /^0+\d+$/.test(known) && known.replace(/^0+/, "") === id).length === 1;
}

/** The effect of the record on a user's value: a new value, null to clear the value, or undefined to keep it. */
function effect(before: Person | undefined, { said }: Read, name: Name, settings: Settings) {
  const own = before?.[name] ?? null, word = said[name] ?? null;
  if (word === CLEAR) return null;
  if (word === null) return own === null ? defaultOf(name, settings) : undefined;
  return settings.fill_only_columns.includes(name) && own !== null ? undefined : word;
}

function defaultOf(name: Name, { defaults, date_format, ...settings }: Settings): string | undefined {
  return defaults[name] === undefined
    ? undefined
    : judged(name, defaults[name], { ...settings, defaults, date_format })[1];
}

function judge(people: People, read: Read[], lost: Set<string>, settings: Settings) {
  const users = [...people].map(([unique_id, { email, state }]) => ({
    ...{ unique_id, user_name: null, email },
    state: state === "archived" ? "archived" as const : "active" as const,
  }));
  const returns = (at: number) => {
    const { id, said } = read[at], state = people.get(id)?.state;
    return state === "archived" && stateOf(state, said.active, settings) === "active";
  };
  const outcome = expectedOutcome(
    users,
    read.map((one) => {
      const { id, said, problems } = one, email = effect(people.get(id), one, "email", settings);
      return {
        unique_id: id,
        user_name: "",
        email: email === undefined ? "" : email ?? "(clear)",
        active: Object.keys(problems).length > 0 || lost.has(id) ? "x" as const : "" as const,
        // Repeated records are compared by the values they set.
        others: Object.values(said).map((word) => word === CLEAR ? "CLEAR" : JSON.stringify(word)),
      };
    }),
    returns,
  );
  const failures = Object.fromEntries(
    Object.entries(outcome.failures).map(([line, codes]) => {
      const own = Object.values(read[Number(line) - 2].problems);
      return [line, codes.flatMap((code) => code === "9033" ? own : [code])];
    }),
  );
  const good = read.flatMap(({ id }, at) =>
    read.findIndex((one) => one.id === id) === at && !(at + 2 in failures) ? [at] : []
  );
  return { failures, skipped: outcome.skipped, good, gives: new Set(outcome.gives.map(([id]) => id)) };
}

/** Missing users (docs/people.md#missing-users). All users were listed in an earlier file. */
function missingUsers(people: People, read: Read[], { missing_users }: Settings): string[] {
  if (missing_users === "keep" || read.some(({ problems }) => "unique_id" in problems)) return [];
  const present = new Set(read.map(({ id }) => id));
  return [...people].filter(([id, { state }]) => state !== "archived" && !present.has(id)).map(([id]) => id);
}

function applied(before: Person | undefined, one: Read, settings: Settings): Person {
  const values = NAMES.map((name) => {
    const value = effect(before, one, name, settings);
    return [name, value === undefined ? before?.[name] ?? null : value];
  });
  return { ...Object.fromEntries(values), state: stateOf(before?.state, one.said.active, settings) };
}

/** docs/people.md#outcomes */
function stateOf(before: Person["state"] | undefined, active: Said | undefined, settings: Settings): Person["state"] {
  if (active === "1") return "active";
  if (active !== "0") {
    return before === "archived" && settings.missing_users === "archive" ? "active" : before ?? "active";
  }
  if (settings.archive_inactive_users || before === "archived") return "archived";
  return "disabled";
}

function outcomeOf(before: Person | undefined, after: Person): string {
  if (before === undefined) return "created";
  if (before.state !== "archived" && after.state === "archived") return "archived";
  if (before.state === "archived" && after.state === "active") return "reactivated";
  return JSON.stringify(before) === JSON.stringify({ ...before, ...after }) ? "unchanged" : "updated";
}
