/**
 * A 64-bit digest: the mixing steps of MurmurHash3 (Austin Appleby, public domain) in two 32-bit lanes, which
 * JavaScript multiplies quickly. Two different texts collide by chance once in 2^64 pairs. The digest is not a
 * cryptographic hash: an attacker can construct collisions.
 */

/**
 * One object computes all digests, so that a million digests do not create a million objects. `low` and `high` are the
 * halves of the latest digest.
 */
export class Digest {
  low = 0;
  high = 0;

  /** Digests with different seeds are independent. */
  constructor(private readonly seedLow: number, private readonly seedHigh: number) {}

  /** Computes the digest of the bytes from `from` to `to`, with the bits of `fold` set in each byte. */
  take(bytes: DataView, from: number, to: number, fold = 0): void {
    const folds = fold | fold << 8 | fold << 16 | fold << 24;
    let low = this.seedLow, high = this.seedHigh, at = from;
    for (; at + 8 <= to; at += 8) {
      low = mixLow(low, high, bytes.getInt32(at, true) | folds);
      high = mixHigh(high, low, bytes.getInt32(at + 4, true) | folds);
    }
    // The last bytes are mixed in as a full block too, because a word in only one lane could cancel the previous word.
    if (at < to) {
      low = mixLow(low, high, restOf(bytes, at, Math.min(at + 4, to), fold));
      high = mixHigh(high, low, restOf(bytes, at + 4, to, fold));
    }
    const length = to - from;
    low = (low ^ length) + (high ^ length) | 0;
    high = (high ^ length) + low | 0;
    low = spread(low);
    high = spread(high);
    this.low = low + high | 0;
    this.high = high + this.low | 0;
  }
}

function restOf(bytes: DataView, from: number, to: number, fold: number): number {
  let word = 0;
  for (let at = from, shift = 0; at < to; at++, shift += 8) word |= (bytes.getUint8(at) | fold) << shift;
  return word;
}

function mixLow(low: number, high: number, word: number): number {
  word = Math.imul(word, 0x239b961b);
  low ^= Math.imul((word << 15) | (word >>> 17), 0xab0e9789);
  return Math.imul(((low << 19) | (low >>> 13)) + high | 0, 5) + 0x561ccd1b | 0;
}

function mixHigh(high: number, low: number, word: number): number {
  word = Math.imul(word, 0xab0e9789);
  high ^= Math.imul((word << 16) | (word >>> 16), 0x38b34ae5);
  return Math.imul(((high << 17) | (high >>> 15)) + low | 0, 5) + 0x0bcaa747 | 0;
}

function spread(lane: number): number {
  lane ^= lane >>> 16;
  lane = Math.imul(lane, 0x85ebca6b);
  lane ^= lane >>> 13;
  lane = Math.imul(lane, 0xc2b2ae35);
  return lane ^ (lane >>> 16);
}
