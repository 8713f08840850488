/** Replaces the values of a column according to its value map (docs/file-format.md#value-maps). */
import type { Column } from "../../domain/columns.ts";
import { foldValue } from "../../domain/setting_values.ts";
import type { Settings } from "../../domain/settings.ts";
import { Batch } from "../csv/batch.ts";

/** Replaces a non-empty value if the map has an entry for it. */
export type Mapping = (batch: Batch, value: number) => void;

/** The maximum number of cached spellings per column, and their maximum length. */
const MAX_SPELLINGS = 1_000, MAX_SPELLING_CHARACTERS = 100;

/** Returns null if the column has no value map. */
export function createMapping({ name }: Column, { value_maps }: Settings): Mapping | null {
  if (!Object.hasOwn(value_maps, name)) return null;
  const encoder = new TextEncoder();
  const targets = new Map(
    Object.entries(value_maps[name]).map(([from, to]) => {
      const bytes = encoder.encode(to.trim());
      return [foldValue(from), { bytes, flags: bytes.some((byte) => byte > 0x7f) ? Batch.NOT_ASCII : 0 }];
    }),
  );
  const spellings = new Map<string, { bytes: Uint8Array; flags: number } | null>();
  return (batch, value) => {
    if (batch.start[value] === batch.end[value]) return;
    const text = batch.text(value);
    let target = spellings.get(text);
    if (target === undefined) {
      target = targets.get(foldValue(text)) ?? null;
      if (spellings.size < MAX_SPELLINGS && text.length <= MAX_SPELLING_CHARACTERS) spellings.set(text, target);
    }
    if (target !== null) batch.replace(value, target.bytes, target.flags);
  };
}
