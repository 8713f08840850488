/** A user's key as Postgres computes it, `hashtextextended(unique_id, 0)`: Bob Jenkins' lookup3 (public domain). */

/** One object computes the keys of all users, as in `Digest`. `low` and `high` are the halves of the latest key. */
export class UserKey {
  low = 0;
  high = 0;

  take(bytes: DataView, from: number, to: number): void {
    const start = 0x9e3779b9 + (to - from) + 3923095 | 0;
    let a = start, b = start, c = start, at = from;
    for (; to - at >= 12; at += 12) {
      a = a + bytes.getInt32(at, true) | 0;
      b = b + bytes.getInt32(at + 4, true) | 0;
      c = c + bytes.getInt32(at + 8, true) | 0;
      a = (a - c) ^ rotate(c, 4);
      c = c + b | 0;
      b = (b - a) ^ rotate(a, 6);
      a = a + c | 0;
      c = (c - b) ^ rotate(b, 8);
      b = b + a | 0;
      a = (a - c) ^ rotate(c, 16);
      c = c + b | 0;
      b = (b - a) ^ rotate(a, 19);
      a = a + c | 0;
      c = (c - b) ^ rotate(b, 4);
      b = b + a | 0;
    }
    a = a + wordOf(bytes, at, Math.min(at + 4, to)) | 0;
    b = b + wordOf(bytes, at + 4, Math.min(at + 8, to)) | 0;
    // The lowest byte is reserved for the length.
    c = c + (wordOf(bytes, at + 8, to) << 8) | 0;
    c = (c ^ b) - rotate(b, 14) | 0;
    a = (a ^ c) - rotate(c, 11) | 0;
    b = (b ^ a) - rotate(a, 25) | 0;
    c = (c ^ b) - rotate(b, 16) | 0;
    a = (a ^ c) - rotate(c, 4) | 0;
    b = (b ^ a) - rotate(a, 14) | 0;
    this.low = (c ^ b) - rotate(b, 24) | 0;
    this.high = b;
  }
}

function rotate(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by));
}

/** Up to four bytes as one word; 0 if no bytes are left. */
function wordOf(bytes: DataView, from: number, to: number): number {
  if (to - from === 4) return bytes.getInt32(from, true);
  let word = 0;
  for (let at = from, shift = 0; at < to; at++, shift += 8) word |= bytes.getUint8(at) << shift;
  return word;
}
