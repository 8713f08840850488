/**
 * Makes screenshots small: they have at most 256 colors, and rare shades at the edges of letters get the nearest color.
 */
import { Buffer } from "node:buffer";
import { crc32, deflateSync, inflateSync } from "node:zlib";

const SIGNATURE = [137, 80, 78, 71, 13, 10, 26, 10];
const MAX_COLOURS = 256;

/** Accepts a PNG from a browser: 8 bits per channel, RGB or RGBA, not interlaced. */
export function smaller(png: Uint8Array): Uint8Array {
  const { width, height, channels, rows } = decode(Buffer.from(png));
  const counts = new Map<number, number>();
  for (let at = 0; at < rows.length; at += channels) {
    const colour = rows[at] << 16 | rows[at + 1] << 8 | rows[at + 2];
    counts.set(colour, (counts.get(colour) ?? 0) + 1);
  }
  const palette = [...counts].toSorted(([, one], [, other]) => other - one).slice(0, MAX_COLOURS).map(([one]) => one);
  const index = new Map([...counts.keys()].map((colour) => [colour, nearest(palette, colour)]));
  const pixels = Buffer.alloc(height * (width + 1));
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 1; x <= width; x++, at += channels) {
      pixels[y * (width + 1) + x] = index.get(rows[at] << 16 | rows[at + 1] << 8 | rows[at + 2])!;
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width);
  header.writeUInt32BE(height, 4);
  // Each pixel is an 8-bit index into the palette.
  header.set([8, 3], 8);
  const colours = Buffer.from(palette.flatMap((colour) => [colour >> 16, colour >> 8 & 255, colour & 255]));
  const data = deflateSync(pixels, { level: 9, memLevel: 9 });
  return Buffer.concat([
    Buffer.from(SIGNATURE),
    ...[chunk("IHDR", header), chunk("PLTE", colours), chunk("IDAT", data), chunk("IEND", Buffer.alloc(0))],
  ]);
}

function nearest(palette: readonly number[], colour: number): number {
  const exact = palette.indexOf(colour);
  if (exact >= 0) return exact;
  const distance = (other: number) =>
    [16, 8, 0].reduce((sum, shift) => sum + ((colour >> shift & 255) - (other >> shift & 255)) ** 2, 0);
  return palette.reduce((best, other, at) => distance(other) < distance(palette[best]) ? at : best, 0);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type), data]), length = Buffer.alloc(4), sum = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}

/** The pixels, row by row, with the format's filters removed (RFC 2083, section 6). */
function decode(png: Buffer): { width: number; height: number; channels: number; rows: Buffer } {
  const [width, height, channels] = [png.readUInt32BE(16), png.readUInt32BE(20), png[25] === 6 ? 4 : 3];
  const parts: Buffer[] = [];
  for (let at = 8; at < png.length; at += png.readUInt32BE(at) + 12) {
    if (png.toString("latin1", at + 4, at + 8) === "IDAT") {
      parts.push(png.subarray(at + 8, at + 8 + png.readUInt32BE(at)));
    }
  }
  const filtered = inflateSync(Buffer.concat(parts)), length = width * channels, rows = Buffer.alloc(height * length);
  for (let y = 0; y < height; y++) {
    const filter = filtered[y * (length + 1)];
    for (let x = 0; x < length; x++) {
      const at = y * length + x, isFirst = x < channels;
      const left = isFirst ? 0 : rows[at - channels], up = y === 0 ? 0 : rows[at - length];
      const corner = isFirst || y === 0 ? 0 : rows[at - length - channels];
      rows[at] = filtered[y * (length + 1) + 1 + x] + predicted(filter, left, up, corner);
    }
  }
  return { width, height, channels, rows };
}

function predicted(filter: number, left: number, up: number, corner: number): number {
  if (filter < 3) return [0, left, up][filter];
  if (filter === 3) return Math.floor((left + up) / 2);
  const [toLeft, toUp, toCorner] = [left, up, corner].map((one) => Math.abs(left + up - corner - one));
  return toLeft <= toUp && toLeft <= toCorner ? left : toUp <= toCorner ? up : corner;
}
