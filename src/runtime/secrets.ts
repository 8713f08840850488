/**
 * Random secrets and their digests for storage. One round of SHA-256 is enough because, unlike a password, 256 random
 * bits cannot be guessed.
 */
import { createHash, timingSafeEqual } from "node:crypto";

/** 256 random bits as text that is safe in a header or a URL. */
export function newSecret(): string {
  return crypto.getRandomValues(new Uint8Array(32)).toBase64({ alphabet: "base64url", omitPadding: true });
}

/** The SHA-256 hash of a secret as 64 hexadecimal digits. */
export function secretDigest(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}

/** Compares two digests in constant time. */
export function isSameDigest(one: string, other: string): boolean {
  return timingSafeEqual(new TextEncoder().encode(one), new TextEncoder().encode(other));
}
