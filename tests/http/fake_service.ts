/** A service with two imports and a real settings file, for the tests of the HTTP interface. */
import { gzipSync } from "node:zlib";
import type { Credential, Role } from "../../src/domain/access.ts";
import { secretDigest } from "../../src/runtime/secrets.ts";
import type { MissingRoster } from "../../src/domain/missing_roster.ts";
import type { Day } from "../../src/domain/day.ts";
import type { Tokens } from "../../src/http/tokens.ts";
import { createHttp, type HttpOptions } from "../../src/http/app.ts";
import type { Service, StatusDocument } from "../../src/http/service.ts";
import type { Erased } from "../../src/domain/erasure.ts";
import { CannotDecide, type HeldUser } from "../../src/domain/decision.ts";
import { type ImportChange, noCounts } from "../../src/domain/outcome.ts";
import type { FoundUser, User } from "../../src/domain/user.ts";
import { DEFAULT_SETTINGS, maskSettings } from "../../src/domain/settings.ts";
import { openSettingsFile } from "../../src/host/settings_file.ts";
import type { ImportEntry, PastFailure } from "../../src/importer/ports.ts";
import { systemClock } from "../../src/runtime/clock.ts";
import { silentLog } from "../../src/runtime/log.ts";
import { OpenApi } from "../support/openapi.ts";

export const ADMIN = "admin-token-of-the-tests";
export const READER = "read-token-of-the-tests";
export const CLERK = "clerk-token-of-the-tests";
/** The secret of the clerk's sign-in link. Unlike a real sign-in link, this one works more than once. */
export const LINK = "sign-in-link-of-the-tests";
export const SESSION = "session-of-the-tests";

export function credential(name: string, role: Role, secret: string, kind: Credential["kind"] = "token"): Credential {
  return { name, role, kind, sha256: secretDigest(secret) };
}

export const CREDENTIALS: readonly Credential[] = [
  credential("admin", "admin", ADMIN),
  credential("read", "read", READER),
  credential("anna", "clerk", CLERK),
  credential("anna", "clerk", LINK, "link"),
];

export function testTokens(credentials: () => readonly Credential[]): Tokens {
  return {
    credentials: () => Promise.resolve(credentials()),
    startSession: () => Promise.resolve({ secret: SESSION, expiresAt: new Date("2026-11-24T06:00:00Z") }),
  };
}

export function entry(id: number, changes: Partial<ImportEntry> = {}): ImportEntry {
  return {
    ...noCounts(),
    id,
    feed: "",
    file: "students.csv",
    status: "done",
    reason: null,
    warnings: [{ code: "unknown_columns", text: "ignored: shoe_size" }],
    failed_new: 0,
    failed_fixed: 0,
    sha256: "ab".repeat(32),
    uploaded_by: null,
    bytes: 120,
    encoding: "utf-8",
    delimiter: ",",
    started_at: "2026-11-23T18:00:00.000Z",
    finished_at: "2026-11-23T18:00:01.000Z",
    undone_at: null,
    bak_file: "students.20261123T180000Z.csv",
    failed_file: null,
    mail: "sent",
    hold: null,
    approves: null,
    decisions: [],
    settings: maskSettings(DEFAULT_SETTINGS),
    ...changes,
  };
}

export const FAILURE: PastFailure = {
  line: 3,
  unique_id: "u3",
  problems: [{ column: "email", code: "9019", reason: "the email address belongs to another user" }],
  since: "2026-11-16T18:00:00.000Z",
};

export const HELD: HeldUser = {
  unique_id: "u4",
  line: 4,
  missing: false,
  effect: "archive",
  outcome: null,
  login_source: "ldap",
  first_name: "Anna",
  last_name: "Tremblay",
  user_name: "atremblay",
  email: null,
  permits: 2,
};

export const CHANGE: ImportChange = {
  unique_id: "u5",
  outcome: "archived",
  columns: { active: ["1", "0"] },
  permits_released: ["P501", null],
};

export const CHANGES_FILE = "unique_id,outcome,column,before,after\r\nu5,archived,active,1,0\r\n";

const DAY: Day = {
  ...{ day: "2026-11-23", imports: 2, last_import: 2, last_at: "2026-11-23T18:00:00.000Z", records: 120 },
  ...{ created: 1, archived: 0, failed_new: 1 },
  ...{ changed: 4, failed: 1, all_failed: 0, held: 0, rejected: 0 },
};

const MISSING: MissingRoster = {
  ...{ feed: "", file: "students.20261122T180000Z.csv", imported_at: "2026-11-22T18:00:00.000Z" },
};

export const FOUND: FoundUser = {
  ...{ unique_id: "u5", state: "archived", login_source: "ldap", first_name: null },
  ...{ last_name: "Roy", user_name: null, email: null },
};

export const USER: User = {
  unique_id: "u5",
  state: "archived",
  archived_at: "2026-11-23T18:00:01.000Z",
  inactive_since: null,
  created_at: "2026-11-20T18:00:01.000Z",
  updated_at: "2026-11-23T18:00:01.000Z",
  values: { login_source: "ldap", last_name: "Roy" },
  feeds: { "": "inactive" },
  permits: [{ permit_no: "P501", status: "released", released_at: null, released_by_import: 1 }],
  holds: [{ import: 2, feed: "", file: "students.csv", line: null, effect: "archive" }],
  last_failure: { import: 1, feed: "", file: "students.csv", at: null, line: 3, problems: FAILURE.problems },
  history: [{
    ...{ import: 1, feed: "", file: "students.csv", at: null, outcome: "archived", undone_at: null },
    columns: { active: ["1", "0"] },
    permits_released: ["P501", null],
    decisions: [{ what: "approved", at: "2026-11-23T18:00:01.000Z", by: "registry" }],
  }],
  cleared_until: null,
};

export const ERASED: Erased = {
  files: [
    { import: 2, feed: "", file: "students.20261123T180000Z.csv", kept_until: "2026-12-23T18:00:00.000Z" },
    { import: 1, feed: "staff", file: "staff.20261122T180000Z.csv", kept_until: null },
  ],
  files_total: 2,
};

export const LEFT_OUT = {
  left_out: [{ unique_id: "u5", reason: "the user is archived already" }],
  left_out_total: 1,
};

export const STATUS: StatusDocument = {
  version: "0.1.0",
  ready: true,
  problems: [],
  database: { kind: "server", state: "connected" },
  folder: { path: "./upload", usable: true },
  feeds: [{
    name: "",
    usable: true,
    apply: true,
    paused_until: null,
    pending: 0,
    open_holds: 1,
    held_users: 12,
    last_import: null,
    bak: { files: 0, bytes: 0 },
    expected_at: null,
    grace: {
      ...{ waiting: 2, due: 1, next_at: "2026-11-23T18:00:00.000Z" },
      users: [{ unique_id: "u5", archived_after: "2026-11-23T18:00:00.000Z" }],
    },
  }],
  settings: { valid: true },
  mail: { configured: false, waiting: 0, next_at: null },
  next_turn_at: "2026-11-23T18:05:00.000Z",
  standby: false,
  running: {
    feed: "",
    id: 3,
    file: "big.csv",
    stage: "reading",
    bytes: 10,
    total_bytes: 20,
    records: 1,
    started_at: "2026-11-23T18:04:00.000Z",
  },
  waiting: [{ feed: "", name: "new.csv", code: "changing", text: "waiting: still changing" }],
  waiting_count: 1,
  ignored: ["notes.docx"],
  ignored_count: 1,
  open_holds: 1,
  holds: [{ id: 1, kind: "access", feed: "", file: "students.csv", users: 12 }],
  last_import_at: null,
};

export const FAILED_FILE = "unique_id,rosterd_line\r\nu3,3\r\n";

export function fakeService(settingsPath: string, changes: Partial<Service> = {}): Service {
  const entries = [entry(2), entry(1, { status: "failed_records", failed: 1, records: 1 })];
  return {
    settings: openSettingsFile(settingsPath, systemClock),
    imports: {
      list: ({ limit, before = Infinity, status }) => {
        const matching = entries.filter((each) => each.id < before && (status === undefined || each.status === status));
        const imports = matching.slice(0, limit);
        return Promise.resolve({ imports, next: matching.length > limit ? imports[limit - 1].id : null });
      },
      get: (id) => Promise.resolve(entries.find((each) => each.id === id) ?? null),
      days: () => Promise.resolve([DAY]),
      failing: () =>
        Promise.resolve({ failures: [{ ...FAILURE, import: 1, feed: "", is_user: false, name: null }], total: 1 }),
      failures: (id) => Promise.resolve(id === 1 ? { failures: [FAILURE], next: null } : null),
      held: (id, { after }) => {
        const held = after === undefined || after < HELD.unique_id ? [HELD] : [];
        return Promise.resolve(id === 1 ? { columns: [], held, next: null } : null);
      },
      changes: (id, { after }) => {
        const changes = (after ?? "") < CHANGE.unique_id ? [CHANGE] : [];
        return Promise.resolve(id === 1 ? { changes, cleared_at: null, next: null } : null);
      },
      changesFile: (id) => {
        if (id === 2) return Promise.resolve({ gone: "older history was cleared (bak_retention_days)" });
        const stream = new Blob([CHANGES_FILE]).stream();
        return Promise.resolve(id === 1 ? { name: "students.changes.csv", stream, size: null } : null);
      },
      failedFile: (id) => {
        if (id === 2) return Promise.resolve({ gone: "nothing failed in this import" });
        const stream = new Blob([FAILED_FILE]).stream();
        return Promise.resolve(id === 1 ? { name: 'é "1".failed.csv', size: FAILED_FILE.length, stream } : null);
      },
      rosterFile: (id) => {
        if (id === 2) return Promise.resolve({ gone: "the file of this import is no longer in bak" });
        const stream = new Blob([FAILED_FILE]).stream();
        if (id === 3) {
          const packed = new Uint8Array(gzipSync(FAILED_FILE)), { length: size } = packed;
          return Promise.resolve({ name: "students.csv", size, stream: new Blob([packed]).stream(), isPacked: true });
        }
        return Promise.resolve(id === 1 ? { name: "students.csv", size: FAILED_FILE.length, stream } : null);
      },
    },
    decisions: {
      approve: (id) => decided(id, { archived: 11, disabled: 0, permits_released: 9, ...LEFT_OUT }),
      discard: (id) => decided(id, { discarded: 12, left_out: [], left_out_total: 0 }),
      undo: (id) => decided(id, { restored: 3, archived: 1, permits_restored: 2, permits_released: 0, ...LEFT_OUT }),
    },
    users: {
      find: () => Promise.resolve({ users: [FOUND], next: null }),
      get: (uniqueId) => Promise.resolve(uniqueId === "u5" ? USER : null),
      erase: (uniqueId) => Promise.resolve(uniqueId === "u5" ? ERASED : null),
    },
    testMail: () => Promise.resolve({ sent: false, text: "no mail server is set" }),
    upload: async ({ name, body, by }, wait) => {
      const { size } = await new Response(body).blob();
      return wait ? entry(3, { file: name, bytes: size, uploaded_by: by }) : null;
    },
    replay: () => Promise.resolve({ rosters: [MISSING], left_out: [] }),
    dismissMissing: () => Promise.resolve([MISSING]),
    turn: (wait) => Promise.resolve(wait ? [entries[0]] : []),
    status: () => Promise.resolve(STATUS),
    metrics: () => [{ name: "turns_total", type: "counter", help: "Turns.", samples: [{ value: 1 }] }],
    doctor: () =>
      Promise.resolve([{ check: "user", verdict: "good", text: "rosterd does not run as root", fix: null }]),
    readiness: () => Promise.resolve({ ready: true, problems: [] }),
    check: async (file, body) => {
      const { length } = await new Response(body).bytes();
      return {
        ...noCounts(),
        file,
        status: "done",
        reason: null,
        warnings: [],
        failures: [],
        held_columns: [],
        changes: [],
        kept: [],
        first_records: [],
        findings: [{
          kind: "value",
          header: "enabled",
          column: "active",
          value: "Y",
          count: 2,
          setting: ["value_maps", "active", "Y"],
          suggestion: "1",
          is_guess: false,
          choices: ["1", "0"],
        }],
        proposal: { patch: { value_maps: { active: { Y: "1" } } } },
        records: length,
      };
    },
    ...changes,
  };
}

/**
 * The HTTP interface with a fake service, whose settings are kept in a temporary folder until it is disposed of. Every
 * response is validated against `/openapi.json`.
 */
export async function testHttp(changes: { service?: Partial<Service>; options?: Partial<HttpOptions> } = {}) {
  const folder = await Deno.makeTempDir();
  const service = fakeService(`${folder}/settings.json`, changes.service);
  const app = createHttp(service, {
    version: "0.1.0",
    hosts: { listen: "127.0.0.1", more: ["rosters.example"] },
    tokens: testTokens(() => CREDENTIALS),
    clock: systemClock,
    log: silentLog,
    ...changes.options,
  });
  const request = app.request;
  const openApi = OpenApi.of(await (await request("/openapi.json")).text());
  app.request = async (input, init, ...more) => {
    const answer = await request(input, init, ...more);
    const { method = "GET" } = (init ?? {}) as { method?: string };
    await openApi.hold(method, String(input), answer);
    return answer;
  };
  return {
    app,
    settings: service.settings,
    openApi,
    /** Sends a request with the admin token, which `init.headers` can override. */
    ask: async (method: string, path: string, init: RequestInit = {}) =>
      await app.request(path, { method, ...init, headers: { authorization: `Bearer ${ADMIN}`, ...init.headers } }),
    json: async (method: string, path: string, body: unknown, headers: Record<string, string> = {}) =>
      await app.request(path, {
        method,
        body: JSON.stringify(body),
        headers: { authorization: `Bearer ${ADMIN}`, "content-type": "application/json", ...headers },
      }),
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

/** Decisions are possible for import 1 but not for import 2, and no other imports exist. */
function decided<T>(id: number, result: T): Promise<T | null> {
  if (id === 2) return Promise.reject(new CannotDecide("nothing_held", "this import holds nobody"));
  return Promise.resolve(id === 1 ? result : null);
}
