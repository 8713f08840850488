import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import {
  type AttachmentSource,
  MAX_GZIPPED_BYTES,
  MAX_PLAIN_BYTES,
  packAttachment,
} from "../../src/smtp/attachment.ts";

const CHUNK = 64 * 1024;

/** A source that provides `bytes` bytes and counts how many have been read. */
function source(
  bytes: number,
  fill: (chunk: Uint8Array<ArrayBuffer>) => void,
): AttachmentSource & { bytesRead: number } {
  return {
    name: "x.T.failed.csv",
    bytesRead: 0,
    async *read() {
      for (let left = bytes; left > 0; left -= CHUNK) {
        const chunk = new Uint8Array(Math.min(CHUNK, left));
        fill(chunk);
        this.bytesRead += chunk.length;
        yield chunk;
      }
    },
  };
}

const text = (chunk: Uint8Array<ArrayBuffer>) => chunk.fill(97);
const noise = (chunk: Uint8Array<ArrayBuffer>) => crypto.getRandomValues(chunk);

Deno.test("a file of exactly 5 MiB is attached as it is", async () => {
  const packed = await packAttachment(source(MAX_PLAIN_BYTES, text));
  assert.equal(packed?.filename, "x.T.failed.csv");
  assert.equal(packed?.contentType, "text/csv; charset=utf-8");
  assert.equal(packed?.content.length, MAX_PLAIN_BYTES);
});

Deno.test("a file of 5 MiB and one byte is gzipped", async () => {
  const packed = await packAttachment(source(MAX_PLAIN_BYTES + 1, text));
  assert.equal(packed?.filename, "x.T.failed.csv.gz");
  assert.equal(packed?.contentType, "application/gzip");
  const unpacked = gunzipSync(packed!.content);
  assert.equal(unpacked.length, MAX_PLAIN_BYTES + 1);
  assert.ok(unpacked.every((byte) => byte === 97));
});

Deno.test("a gzipped file is attached up to 7 MiB", async () => {
  const under = await packAttachment(source(MAX_GZIPPED_BYTES - CHUNK, noise));
  assert.ok(under!.content.length <= MAX_GZIPPED_BYTES && under!.content.length > MAX_PLAIN_BYTES);
  assert.equal(await packAttachment(source(MAX_GZIPPED_BYTES + CHUNK, noise)), null);
});

Deno.test("a huge file is read only up to the limits", async () => {
  const huge = source(1024 ** 4, noise);
  assert.equal(await packAttachment(huge), null);
  assert.ok(huge.bytesRead < 2 * (MAX_PLAIN_BYTES + MAX_GZIPPED_BYTES), `${huge.bytesRead} bytes were read`);
});

Deno.test("an error of the source during gzip is thrown", async () => {
  let read = 0;
  const failing = source(MAX_PLAIN_BYTES * 3, (chunk) => {
    if ((read += chunk.length) > MAX_PLAIN_BYTES * 2) throw Object.assign(new Error("gone"), { code: "EIO" });
    noise(chunk);
  });
  await assert.rejects(packAttachment(failing), { code: "EIO" });
});
