const MIB = 1 << 20;

/** Formats a size, such as `12 KiB`, `3.4 MiB` or `1.2 GiB`. */
export function byteSize(bytes: number): string {
  if (bytes < MIB) return `${Math.ceil(bytes / 1_024)} KiB`;
  return bytes < 1_024 * MIB ? `${(bytes / MIB).toFixed(1)} MiB` : `${(bytes / (1_024 * MIB)).toFixed(1)} GiB`;
}
