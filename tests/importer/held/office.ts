/** An upload folder with a database: files are dropped, a turn imports them, and an admin decides. */
import { basename } from "node:path";
import type { Approved } from "../../../src/domain/decision.ts";
import { DEFAULT_SETTINGS, type Settings } from "../../../src/domain/settings.ts";
import { settingsOf } from "../../../src/domain/feed_settings.ts";
import { importFolder } from "../../../src/importer/import_folder.ts";
import type { ImportEntry } from "../../../src/importer/ports.ts";
import type { Turn } from "../../../src/importer/upload_steps.ts";
import { BakFolder } from "../../../src/inbox/bak/bak_folder.ts";
import { foldersOf } from "../../../src/inbox/folders.ts";
import { findImport } from "../../../src/postgres/history/history.ts";
import { systemClock } from "../../../src/runtime/clock.ts";
import { approve, type Approving } from "../../../src/service/approve.ts";
import { type Uploads, uploadsIn, withUploads } from "../../inbox/upload_folder.ts";
import { csvOf, type RosterDatabase } from "../../postgres/roster_database.ts";
import { turnOver } from "../one_turn.ts";

export const never = new AbortController().signal;

/** Guard limits low enough for a few users to exceed. */
export const TIGHT: Partial<Settings> = { change_guard: { max_percent: 50, min_users: 2 } };

export class Office {
  private constructor(readonly uploads: Uploads, readonly db: RosterDatabase, readonly settings: Settings) {}

  static async open(
    db: RosterDatabase,
    settings: Partial<Settings>,
    test: (office: Office) => Promise<void>,
  ): Promise<void> {
    await withUploads(
      {},
      (uploads) => test(new Office(uploads, db, { ...DEFAULT_SETTINGS, settle_seconds: 0, ...settings })),
    );
  }

  with(settings: Partial<Settings>): Office {
    return new Office(this.uploads, this.db, { ...this.settings, ...settings });
  }

  /** Drops a file and runs a turn. `path` is relative to the upload folder. */
  async drop(path: string, text: string, more: Partial<Turn> = {}): Promise<ImportEntry> {
    const feed = path.includes("/") ? path.split("/")[0] : "";
    await Deno.mkdir(this.uploads.at(feed), { recursive: true });
    await Deno.writeTextFile(this.uploads.at(path), text);
    await this.turn(feed, more);
    const [{ id }] = await this.db.sql`select max(id) as id from rosterd.imports where file = ${basename(path)}`;
    return await this.entry(id);
  }

  /** Runs a turn as a newly started process would. */
  async turn(feed = "", more: Partial<Turn> = {}): Promise<void> {
    const { inbox } = uploadsIn(this.uploads.root, { feed });
    const settings = settingsOf(this.settings, feed);
    await importFolder(turnOver({ inbox }, this.db, { feed, settings, ...more }), await inbox.scan(0));
  }

  async entry(id: number): Promise<ImportEntry> {
    return (await findImport(this.db.database.sql, id))!;
  }

  async approve(id: number, more: Partial<Approving> = {}): Promise<NonNullable<Approved["applied"]>> {
    const result = await approve(id, {
      database: this.db.database,
      store: this.db.store,
      settings: this.settings,
      bakOf: (feed) => BakFolder.of(foldersOf(this.uploads.root, feed)),
      clock: systemClock,
      signal: never,
      stopping: never,
      by: "admin",
      onProgress: () => {},
      ...more,
    });
    return result!.applied!;
  }

  bak(name: string, feed = ""): string {
    return this.uploads.at(feed, "bak", name);
  }

  /** The values of a column, by unique_id. */
  async values(column: string): Promise<string[]> {
    return Object.values(await this.db.users()).map((user) => String(user[column]));
  }
}

/** Records for people 1 to `count`. The first `changed` people are given different values. */
export function people(count: number, changed = 0, change: Record<string, string> = { city: "Hull" }): string {
  return csvOf(Array.from({ length: count }, (_, at) => ({
    unique_id: `u${String(at + 1).padStart(2, "0")}`,
    login_source: "ldap",
    city: "Ottawa",
    active: "1",
    ...(at < changed ? change : {}),
  })));
}
