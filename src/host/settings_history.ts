/**
 * Stores the history of the settings in a file next to the settings file, readable only by its owner. Each line is one
 * change with secrets masked, newest last. `settings_file.ts` writes the history while it holds the settings lock.
 *
 * Each line includes the settings after the change. A comparison with the settings file reveals manual edits, including
 * those made while no service was running.
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import { DEFAULT_SETTINGS, MASK, maskSettings, type Settings } from "../domain/settings.ts";
import { CHANGE_WAYS, type ChangedKey, type SettingsHistoryPage } from "../domain/stored_settings.ts";
import { jsonOrNull } from "../runtime/json.ts";
import { readIfPresent, writeWhole } from "./whole_file.ts";

const LINE = z.object({
  id: z.int(),
  at: z.string(),
  how: z.enum(CHANGE_WAYS),
  by: z.string().nullable(),
  changes: z.array(z.object({ key: z.string(), from: z.unknown(), to: z.unknown() })),
  /** The settings after the change, with secrets masked; `secret` shows whether the password changed. */
  settings: z.record(z.string(), z.unknown()),
  secret: z.string(),
});
type Line = z.infer<typeof LINE>;

/** Older versions of rosterd wrote only `by`, which says how the change was made. */
const OLD_LINE = LINE.omit({ how: true }).extend({ by: z.enum(CHANGE_WAYS) })
  .transform((line): Line => ({ ...line, how: line.by, by: null }));
const ANY_LINE = LINE.or(OLD_LINE);

const MAX_KEPT = 1_000;

export class SettingsHistory {
  constructor(private readonly path: string) {}

  /** At most `limit` changes with an id below `before`, newest first. */
  async list(limit: number, before = Infinity): Promise<SettingsHistoryPage> {
    const found = (await this.#lines()).filter(({ id, changes }) => id < before && changes.length > 0).reverse();
    const page = found.slice(0, limit);
    const changes = page.map(({ id, at, how, by, changes }) => ({ id, at, how, by, changes: changes as ChangedKey[] }));
    return { changes, next: found.length > limit ? changes[limit - 1].id : null };
  }

  /** Adds a line if the settings differ from the last line. The first line lists no changes. */
  async note(settings: Settings, { how, by }: Pick<Line, "how" | "by">, at: Date): Promise<void> {
    const lines = await this.#lines();
    const last = lines.at(-1);
    const changes = last === undefined ? [] : changesSince(last, settings);
    if (last !== undefined && changes.length === 0) return;
    const id = (last?.id ?? 0) + 1;
    const secret = digestOf(settings, crypto.randomUUID());
    const line: Line = { id, at: at.toISOString(), how, by, changes, settings: maskSettings(settings), secret };
    const kept = [...lines, line].slice(-MAX_KEPT);
    await writeWhole(this.path, kept.map((each) => JSON.stringify(each) + "\n").join(""), { mode: 0o600 });
  }

  /** Skips damaged lines, because a damaged history must not block changes to the settings. */
  async #lines(): Promise<Line[]> {
    const text = await readIfPresent(this.path) ?? "";
    return text.split("\n").flatMap((line) => {
      const read = ANY_LINE.safeParse(jsonOrNull(line));
      return read.success ? [read.data] : [];
    });
  }
}

function changesSince({ settings: before, secret }: Line, after: Settings): ChangedKey[] {
  const [from, to] = [flat(before), flat(maskSettings(after))];
  const keys = new Set([...Object.keys(flat(DEFAULT_SETTINGS)), ...Object.keys(to), ...Object.keys(from)]);
  const isKnown = (key: string) => key.startsWith("feeds.") || Object.hasOwn(to, key);
  const changed = [...keys].filter((key) => isKnown(key) && JSON.stringify(from[key]) !== JSON.stringify(to[key]));
  const changes = changed.map((key) => ({ key, from: from[key] ?? null, to: to[key] ?? null }));
  const another = !changed.includes("smtp.password") && digestOf(after, secret.split(":")[0]) !== secret;
  return another ? [...changes, { key: "smtp.password", from: MASK, to: MASK }] : changes;
}

/**
 * Flattens settings to dotted keys such as `smtp.port`. Lists and maps such as header_aliases count as one value. Each
 * feed also counts as one value; `feeds` contains the order of the feeds.
 */
function flat(settings: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(settings).flatMap(([key, value]) =>
      key === "smtp" || key === "archive_guard" || key === "change_guard"
        ? Object.entries(value as object).map(([inner, innerValue]) => [`${key}.${inner}`, innerValue])
        : key === "feeds"
        ? [
          [key, Object.keys(value as object)],
          ...Object.entries(value as object).map(([feed, own]) => [`feeds.${feed}`, own]),
        ]
        : [[key, value]]
    ),
  );
}

/**
 * Detects a changed password without revealing it. A short digest is enough, because the settings file contains the
 * password anyway.
 */
function digestOf({ smtp: { password } }: Settings, salt: string): string {
  return `${salt}:${createHash("sha256").update(`${salt}:${password}`).digest("hex").slice(0, 16)}`;
}
