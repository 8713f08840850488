/** A downloaded failed-records file has a safe name. The service closes the file if the client disconnects. */
import assert from "node:assert/strict";
import { until } from "../support/until.ts";
import { onService } from "./http_case.ts";

/** Upload names that break headers, paths or shells. */
const NAMES = [
  'x"; filename=evil.exe; y=".csv',
  "a\r\nSet-Cookie: a=b.csv",
  "new\nline.csv",
  "naïve é 😀.csv",
  "‮gpj.csv",
  "%2e%2e%2fetc%2fpasswd.csv",
  "x..\\..\\evil.csv",
  "=cmd|'!A1'.csv",
  "-rf.csv",
  "a;b,c=d'e.csv",
  "UTF-8''x.csv",
  `${"ä".repeat(120)}.csv`,
];

onService(
  "Failed records are an attachment with a safe name, whatever the name of the roster",
  {},
  async (service) => {
    for (const name of NAMES) {
      const entry = await service.import(name, "unique_id,login_source\nu1,\n");
      assert.equal(entry.file, name);
      const answer = await service.fetch(`/imports/${entry.id}/failed.csv`);
      const disposition = answer.headers.get("content-disposition")!;
      // The header contains a quoted ASCII name (RFC 6266) and the real name encoded as in RFC 8187.
      const [, plain, extended] = /^attachment; filename="([\w .()+@-]+)"; filename\*=UTF-8''([\w.!~%-]+)$/.exec(
        disposition,
      )!;
      assert.equal(decodeURIComponent(extended), entry.failed_file);
      assert.equal(plain.length, entry.failed_file!.length);
      assert.equal(answer.headers.get("set-cookie"), null);
      assert.equal(answer.headers.get("content-type"), "text/csv; charset=utf-8");
      assert.equal(answer.headers.get("x-content-type-options"), "nosniff");
      assert.equal(await answer.text(), (await service.readBak(entry.failed_file!)).replace(/^\ufeff/, ""));
    }
    for (
      const path of [
        "/imports/1/..%2f..%2fsettings.json",
        "/imports/1/failed.csv%00",
        "/imports/failed.csv",
        "/failed.csv",
      ]
    ) {
      const answer = await service.fetch(path);
      assert.ok([404, 422].includes(answer.status), path);
      await answer.body?.cancel();
    }
  },
);

onService("A failed-records file is closed after the client stops reading", {}, async (service) => {
  const records = Array.from({ length: 100_000 }, (_, number) => `u${number},,${"x".repeat(50)}\n`);
  const { id, failed_file } = await service.import("a.csv", "unique_id,login_source,city\n" + records.join(""));
  const head = await service.fetch(`/imports/${id}/failed.csv`, { method: "HEAD" });
  assert.equal(
    Number(head.headers.get("content-length")),
    (await Deno.stat(`${service.upload}/bak/${failed_file}`)).size,
  );
  const stop = new AbortController();
  const begun = await service.fetch(`/imports/${id}/failed.csv`, { signal: stop.signal });
  await begun.body!.getReader().read();
  stop.abort();
  await until("no handle is left", async () => !(await openFiles()).some((path) => path.endsWith(failed_file!)));
});

/** The open files of this process; Linux only. */
async function openFiles(): Promise<string[]> {
  if (Deno.build.os !== "linux") return [];
  const handles = await Array.fromAsync(Deno.readDir("/proc/self/fd"));
  return await Promise.all(handles.map(({ name }) => Deno.readLink(`/proc/self/fd/${name}`).catch(() => "")));
}
