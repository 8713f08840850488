/**
 * A partial upload with a real server: a faster version of `uploads_slow.ts`. OpenSSH leaves a partial upload under its
 * final name.
 */
import assert from "node:assert/strict";
import { UploadPlace, withoutSftp } from "./place.ts";
import { CUT_WITHIN_A_RECORD, leftBehind, roster, whole } from "./rosters.ts";
import { survived } from "../verdict.ts";

const unavailable = await withoutSftp();
if (unavailable !== null) console.error(`LEFT OUT: the tests of ${import.meta.url}: ${unavailable}`);

Deno.test({
  name: "the partial upload of a killed sftp waits, and is then rejected as cut off",
  ignore: unavailable !== null,
  async fn() {
    await using place = await UploadPlace.open();
    const { outside, service } = place;
    const client = await place.sftp();
    const cut = { prefix: "cut", records: 20_000, header: CUT_WITHIN_A_RECORD };
    const upload = client.start({ local: await place.local("cut.csv", roster(cut)), name: "cut.csv", speed: 400_000 });
    await place.arrived("cut.csv", 65_536);
    await place.waitsFor("cut.csv", "changing");
    await place.turnLeaves();
    await upload.kill();

    const { dropped, cutOffAt } = leftBehind("cut.csv", await place.left("cut.csv"));
    assert.notEqual(cutOffAt, null, "the upload is cut off in the middle of a record");
    outside.expect(dropped);
    assert.match(
      (await place.waitsFor("cut.csv", "no_line_end")).text,
      /^waiting: its last line has no line ending, so the upload may be incomplete; if the file stays unchanged, it will be imported later$/,
    );
    await place.turnLeaves();
    await outside.atAnyInstant();

    // Only the slow tests wait the full ten seconds.
    const patch = { method: "PATCH", headers: { "content-type": "application/merge-patch+json" } };
    const changed = await service.fetch("/settings", { ...patch, body: '{"settle_seconds": 0}' });
    assert.equal(changed.status, 200, await changed.text());
    const good = { prefix: "good", records: 3 };
    await client.start({ local: await place.local("good.csv", roster(good)), name: "good.csv" }).done();
    await place.finish(dropped, whole("good.csv", good));
    const [{ text }] = await place.imports("cut.csv");
    assert.match(text!, new RegExp(`looks cut off at line ${cutOffAt}\\b`));
    survived({
      fault: "an sftp client killed in the middle of a record",
      injected: 1,
      kills: 1,
      checks: outside.checks,
    });
  },
});
