/** Creates a real upload folder and a real database for a turn. */
import { DEFAULT_SETTINGS } from "../../src/domain/settings.ts";
import type { Turn } from "../../src/importer/upload_steps.ts";
import { isDatabaseUnreachable } from "../../src/postgres/connection/errors.ts";
import { systemClock } from "../../src/runtime/clock.ts";
import { silentLog } from "../../src/runtime/log.ts";
import type { Uploads } from "../inbox/upload_folder.ts";
import type { RosterDatabase } from "../postgres/roster_database.ts";

export function turnOver({ inbox }: Pick<Uploads, "inbox">, { store }: RosterDatabase, more: Partial<Turn> = {}): Turn {
  return {
    inbox,
    store,
    feed: "",
    settings: { ...DEFAULT_SETTINGS, settle_seconds: 0 },
    clock: systemClock,
    log: silentLog,
    signal: new AbortController().signal,
    isPaused: () => false,
    onProgress: () => {},
    stopsAll: isDatabaseUnreachable,
    ...more,
  };
}
