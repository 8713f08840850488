import assert from "node:assert/strict";
import { withUploads } from "./upload_folder.ts";

Deno.test("the cleanup at the start leaves an upload alone that is arriving over HTTP", () =>
  withUploads({}, async ({ inbox }) => {
    const started = Promise.withResolvers<void>(), rest = Promise.withResolvers<void>();
    async function* bytes() {
      yield new TextEncoder().encode("unique_id\n");
      started.resolve();
      await rest.promise;
      yield new TextEncoder().encode("a1\n");
    }
    const receiving = inbox.receive({ name: "x.csv", by: "registry", bytes: bytes() });
    await started.promise;
    await inbox.tidy();
    rest.resolve();

    const key = await receiving;
    const { claimed: [upload] } = await inbox.scan(0);
    assert.deepEqual([upload.key, upload.name, upload.size, upload.by], [key, "x.csv", 13, "registry"]);
  }));
