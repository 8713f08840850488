/** Replaces the values of a column according to its value map (docs/file-format.md#value-maps). */
import type { Column } from "../../domain/columns.ts";
import { foldValue, type Settings } from "../../domain/settings.ts";
import { Batch } from "../csv/batch.ts";

/** Replaces a non-empty value if the map has an entry for it. */
export type Mapping = (batch: Batch, value: number) => void;

/** Null for a column without a value map. */
export function createMapping({ name }: Column, { value_maps }: Settings): Mapping | null {
  if (!Object.hasOwn(value_maps, name)) return null;
  const encoder = new TextEncoder();
  const targets = new Map(
    Object.entries(value_maps[name]).map(([from, to]) => {
      const bytes = encoder.encode(to.trim());
      return [foldValue(from), { bytes, flags: bytes.some((byte) => byte > 0x7f) ? Batch.NOT_ASCII : 0 }];
    }),
  );
  return (batch, value) => {
    if (batch.start[value] === batch.end[value]) return;
    const target = targets.get(foldValue(batch.text(value)));
    if (target !== undefined) batch.replace(value, target.bytes, target.flags);
  };
}
