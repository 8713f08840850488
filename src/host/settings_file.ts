/**
 * Reads and changes `settings.json`, which people may also edit by hand. Each change is atomic and exclusive, and gives
 * the file a new ETag.
 */
import { open } from "node:fs/promises";
import { DEFAULT_SETTINGS, type Settings } from "../domain/settings.ts";
import { validSettings } from "../importer/checks/valid_settings.ts";
import {
  BrokenSettingsFile,
  type ChangeWay,
  SettingsChanged,
  type SettingsHistoryPage,
  type StoredSettings,
} from "../domain/stored_settings.ts";
import type { Clock } from "../runtime/clock.ts";
import { codeOf, isErrno, nullOn } from "../runtime/errors.ts";
import { SettingsHistory } from "./settings_history.ts";
import { patchedSettings, replacedSettings } from "./settings_change.ts";
import { printSettings, readSettings } from "./settings_text.ts";
import { fileLock, writeWhole } from "./whole_file.ts";

/**
 * Every call reads the file again. The first call creates a missing file from the defaults. After that, a missing file
 * is an error, because the defaults would turn checks off. All methods throw {@link BrokenSettingsFile}; changes also
 * throw InvalidSettings and {@link SettingsChanged}.
 */
export interface SettingsFile {
  readonly path: string;
  read(): Promise<StoredSettings>;
  /** Reads the settings. Returns null if the file is missing; never creates it. */
  readIfThere(): Promise<StoredSettings | null>;
  /** Stores the given settings, including secrets. */
  write(next: Settings, ifMatch?: string): Promise<StoredSettings>;
  /**
   * Applies an RFC 7396 merge patch. null restores the default; `"***"` keeps the stored secret. `by` is the name of
   * the user who requests the change.
   */
  patch(mergePatch: unknown, ifMatch?: string, by?: string | null): Promise<StoredSettings>;
  /** Replaces the settings with a document that has every key; `"***"` keeps the stored secret. */
  replace(document: unknown, ifMatch?: string, by?: string | null): Promise<StoredSettings>;
  /** The changes, newest first, including manual edits that an earlier read noticed. */
  history(limit: number, before?: number): Promise<SettingsHistoryPage>;
  noteEdits(): Promise<void>;
}

/**
 * Opens the settings file. The folder must exist, but the file may be missing. `how` is recorded in the history;
 * `ownPassword` is ROSTERD_SMTP_PASSWORD.
 */
export function openSettingsFile(
  path: string,
  clock: Clock,
  how: Exclude<ChangeWay, "file"> = "command",
  ownPassword: string | null = null,
): SettingsFile {
  const locked = fileLock(`${path}.lock`);
  const history = new SettingsHistory(`${path}.history`);
  const lockedWork = <T>(work: () => Promise<T>) => explained(path, () => locked(work));
  let wasThere = false;
  const loadIfThere = async () => {
    const loaded = await load(path);
    wasThere ||= loaded !== null;
    return loaded;
  };
  const current = async (): Promise<LoadedSettings> => {
    const removed = wasThere, loaded = await loadIfThere();
    if (loaded === null && removed) throw new BrokenSettingsFile(path, [], undefined, REMOVED);
    wasThere = true;
    return loaded ?? await store(path, DEFAULT_SETTINGS, NEW_FILE, clock);
  };
  const noteEdits = async () => await history.note((await current()).settings, { how: "file", by: null }, clock.now());
  const change = (make: (current: Settings) => Settings, ifMatch: string | undefined, by: string | null) =>
    lockedWork(async () => {
      await noteEdits();
      const changed = await changeSettings(path, await current(), make, ifMatch, clock);
      await history.note(changed.settings, { how, by }, clock.now());
      return changed;
    });
  return {
    path,
    read: () => explained(path, async () => await loadIfThere() ?? await locked(current)),
    readIfThere: () => explained(path, loadIfThere),
    noteEdits: () => lockedWork(noteEdits),
    history: (limit, before) => history.list(limit, before),
    write: (next, ifMatch) => change(() => validSettings(next), ifMatch, null),
    patch: (mergePatch, ifMatch, by = null) =>
      change((current) => patchedSettings(current, mergePatch, ownPassword), ifMatch, by),
    replace: (document, ifMatch, by = null) =>
      change((current) => replacedSettings(current, document, ownPassword), ifMatch, by),
  };
}

/** The caller must hold the lock. A change without effect leaves the file and its ETag untouched. */
async function changeSettings(
  path: string,
  current: LoadedSettings,
  make: (current: Settings) => Settings,
  ifMatch: string | undefined,
  clock: Clock,
): Promise<LoadedSettings> {
  if (ifMatch !== undefined && !matches(ifMatch, current.etag)) throw new SettingsChanged(current.etag);
  const next = make(current.settings);
  return printSettings(next) === printSettings(current.settings) ? current : await store(path, next, current, clock);
}

interface LoadedSettings extends StoredSettings {
  mode: number;
  /** The modification time, in milliseconds since 1970. */
  mtime: number;
}

const NEW_FILE: Pick<LoadedSettings, "mode" | "mtime"> = { mode: 0o600, mtime: 0 };

async function load(path: string): Promise<LoadedSettings | null> {
  const handle = await nullOn(open(path), "ENOENT");
  if (handle === null) return null;
  try {
    // The ETag is read before the content. If the file changes in between, the ETag is too old, and the next `If-Match`
    // fails safely.
    const { ino, mtimeNs, size, mode } = await handle.stat({ bigint: true });
    const settings = readSettings(path, await handle.readFile());
    const etag = `"${ino.toString(36)}-${mtimeNs.toString(36)}-${size.toString(36)}"`;
    return { settings, etag, mode: Number(mode) & 0o777, mtime: Number(mtimeNs / 1_000_000n) };
  } finally {
    await handle.close();
  }
}

/** The modification time always increases, so that changes in quick succession never share an ETag. */
async function store(
  path: string,
  settings: Settings,
  before: Pick<LoadedSettings, "mode" | "mtime">,
  clock: Clock,
): Promise<LoadedSettings> {
  const mtime = new Date(Math.max(clock.now().getTime(), before.mtime + 1));
  await writeWhole(path, printSettings(settings), { mode: before.mode, mtime });
  const stored = await load(path);
  if (stored === null) throw new Deno.errors.NotFound(`${path} was removed while it was being written`);
  return stored;
}

const REMOVED = "the file was removed; restore it, or restart rosterd to create it from the defaults";

const ACCESS_ERRORS: Record<string, string> = {
  ENOENT: "its folder does not exist; create it, or choose another file with --settings",
  ENOTDIR: "part of its path is not a folder; choose another file with --settings",
  EISDIR: "it is a folder; choose a file with --settings",
  EACCES: "permission denied; rosterd's user must be able to read it and to write to its folder",
  EROFS: "its file system is read-only; remount it read-write, or choose another file with --settings",
};

async function explained<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isErrno(error)) throw error;
    const code = codeOf(error);
    const reason = ACCESS_ERRORS[code] ?? `it cannot be read or written (${code}); check its disk and its mount`;
    throw new BrokenSettingsFile(path, [], { cause: error }, reason);
  }
}

/** Compares `If-Match`: `*` or a list of ETags. A weak ETag never matches (RFC 9110, section 13.1.1). */
function matches(ifMatch: string, etag: string): boolean {
  return ifMatch.split(",").some((candidate) => candidate.trim() === "*" || candidate.trim() === etag);
}
