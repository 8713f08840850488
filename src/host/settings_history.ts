/**
 * The history of the settings: who changed what from what to what, and when. It stands beside the settings file, one change a
 * line, newest last, readable by its owner only; secrets never get into it. Written by `settings_file.ts`, under its lock.
 *
 * Each line also keeps the settings as they were then, secrets masked, so that an edit by hand is found by comparing, also one
 * that was made while nobody ran.
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import { DEFAULT_SETTINGS, MASK, maskSettings, type Settings } from "../domain/settings.ts";
import { CHANGED_BY, type ChangedBy, type ChangedKey, type SettingsHistoryPage } from "../domain/stored_settings.ts";
import { jsonOrNull } from "../runtime/json.ts";
import { readIfPresent, writeWhole } from "./whole_file.ts";

const LINE = z.object({
  id: z.int(),
  at: z.string(),
  by: z.enum(CHANGED_BY),
  changes: z.array(z.object({ key: z.string(), from: z.unknown(), to: z.unknown() })),
  /** As they were then, secrets masked, and what tells two secrets apart. */
  settings: z.record(z.string(), z.unknown()),
  secret: z.string(),
});
type Line = z.infer<typeof LINE>;

/** More are forgotten, the oldest first. */
const MAX_KEPT = 1_000;

export class SettingsHistory {
  constructor(private readonly path: string) {}

  /** The changes, newest first; of those with a smaller id than `before`, `limit` at most. */
  async list(limit: number, before = Infinity): Promise<SettingsHistoryPage> {
    const found = (await this.#lines()).filter(({ id, changes }) => id < before && changes.length > 0).reverse();
    const changes = found.slice(0, limit).map(({ id, at, by, changes }) => ({
      id,
      at,
      by,
      changes: changes as ChangedKey[],
    }));
    return { changes, next: found.length > limit ? changes[limit - 1].id : null };
  }

  /** Notes what differs from the last line; nothing when nothing does. The first line only says where it begins. */
  async note(settings: Settings, by: ChangedBy, at: Date): Promise<void> {
    const lines = await this.#lines();
    const last = lines.at(-1);
    const changes = last === undefined ? [] : changesSince(last, settings);
    if (last !== undefined && changes.length === 0) return;
    const id = (last?.id ?? 0) + 1;
    const secret = digestOf(settings, crypto.randomUUID());
    const line: Line = { id, at: at.toISOString(), by, changes, settings: maskSettings(settings), secret };
    const kept = [...lines, line].slice(-MAX_KEPT);
    await writeWhole(this.path, kept.map((each) => JSON.stringify(each) + "\n").join(""), { mode: 0o600 });
  }

  /** What cannot be understood is passed over: a history that somebody broke must not keep settings from being changed. */
  async #lines(): Promise<Line[]> {
    const text = await readIfPresent(this.path) ?? "";
    return text.split("\n").flatMap((line) => {
      const read = LINE.safeParse(jsonOrNull(line));
      return read.success ? [read.data] : [];
    });
  }
}

function changesSince({ settings: before, secret }: Line, after: Settings): ChangedKey[] {
  const [from, to] = [flat(before), flat(maskSettings(after))];
  const changed = Object.keys(flat(DEFAULT_SETTINGS)).filter((key) =>
    JSON.stringify(from[key]) !== JSON.stringify(to[key])
  );
  const changes = changed.map((key) => ({ key, from: from[key] ?? null, to: to[key] }));
  const another = !changed.includes("smtp.password") && digestOf(after, secret.split(":")[0]) !== secret;
  return another ? [...changes, { key: "smtp.password", from: MASK, to: MASK }] : changes;
}

/** Keys as people write them: `smtp.port`. What stands in a list, or under header_aliases, is one value. */
function flat(settings: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(settings).flatMap(([key, value]) =>
      key === "smtp" || key === "archive_guard"
        ? Object.entries(value as object).map(([inner, innerValue]) => [`${key}.${inner}`, innerValue])
        : [[key, value]]
    ),
  );
}

/** Tells whether the secret is another one, without telling it: it stands in the clear in the settings file itself. */
function digestOf({ smtp: { password } }: Settings, salt: string): string {
  return `${salt}:${createHash("sha256").update(`${salt}:${password}`).digest("hex").slice(0, 16)}`;
}
