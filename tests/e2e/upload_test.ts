/** An upload over HTTP (docs/http.md#upload) goes through the same steps as a file in the folder. */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { ImportEntry } from "../../src/importer/ports.ts";
import type { TestService } from "../support/service.ts";
import { until } from "../support/until.ts";
import { onService } from "./http_case.ts";

const ROSTER = "unique_id,login_source,email,active\nu1,ldap,u1@example.edu,1\nu2,ldap,u2 at example.edu,1\n";

function upload(service: TestService, query: string, body: BodyInit = ROSTER): Promise<Response> {
  return service.fetch(`/imports?${query}`, { method: "POST", body, headers: { "content-type": "text/csv" } });
}

async function problemOf(response: Response): Promise<{ status: number; detail: string; errors?: unknown[] }> {
  return await response.json();
}

onService("an uploaded file is imported and kept in bak, and its import names the uploader", {}, async (service) => {
  const response = await upload(service, "name=students.csv&wait=true");
  assert.equal(response.status, 200);
  const { imports: [entry], ...rest } = await response.json() as { imports: ImportEntry[] };
  assert.deepEqual(rest, {});
  assert.deepEqual([entry.file, entry.status, entry.created, entry.failed], ["students.csv", "failed_records", 1, 1]);
  assert.equal(entry.uploaded_by, "admin");
  assert.equal(await Deno.readTextFile(join(service.upload, "bak", entry.bak_file!)), ROSTER);
  assert.deepEqual((await Array.fromAsync(Deno.readDir(join(service.upload, ".rosterd")))).length, 0);

  await service.import("folder.csv", ROSTER);
  const { imports: [fromFolder] } = await service.get<{ imports: ImportEntry[] }>("/imports?limit=1");
  assert.deepEqual([fromFolder.file, fromFolder.uploaded_by], ["folder.csv", null]);
});

onService("without wait, the response to an upload is immediate, and the next turn imports the file", {
  feeds: { staff: {} },
}, async (service) => {
  const response = await upload(service, "name=staff.csv.gz&feed=staff", await gzipped(ROSTER));
  assert.deepEqual([response.status, await response.json()], [202, { imports: [] }]);
  await until("the upload was imported", async () => {
    const { imports: [entry] } = await service.get<{ imports: ImportEntry[] }>("/imports?limit=1");
    return entry?.status === "failed_records" && entry.feed === "staff" && entry.bak_file !== null;
  });
});

onService("an upload whose name would never be imported is refused with the reason, and leaves no file behind", {
  feeds: { paused: { paused_until: "2999-01-01T00:00:00Z" } },
}, async (service) => {
  for (
    const [query, status, detail] of [
      ["name=students.xlsx", 422, /must end in \.csv/],
      ["name=.students.csv", 422, /must not begin with a dot/],
      ["name=..%2Fstudents.csv", 422, /must be a name without a path/],
      ["name=students.csv&feed=unknown", 422, /unknown/],
      ["name=students.csv&feed=paused", 409, /paused until 2999/],
    ] as const
  ) {
    const problem = await problemOf(await upload(service, query));
    assert.equal(problem.status, status, query);
    assert.match(JSON.stringify(problem), detail);
  }
  const form = new FormData();
  form.set("file", new File([ROSTER], "students.csv"));
  const response = await service.fetch("/imports?name=students.csv", { method: "POST", body: form });
  assert.equal((await problemOf(response)).status, 415);
  assert.deepEqual((await service.get<{ imports: unknown[] }>("/imports")).imports, []);
});

onService("an upload that is cut off leaves no file behind", {}, async (service) => {
  const body = new TransformStream<Uint8Array, Uint8Array>(), writer = body.writable.getWriter();
  const claims = () => Array.fromAsync(Deno.readDir(join(service.upload, ".rosterd")));
  const answer = upload(service, "name=students.csv", body.readable);
  void writer.write(new TextEncoder().encode(ROSTER)).catch(() => {});
  await until("the upload has begun", async () => (await claims()).length > 0);
  await Promise.all([writer.abort(new Error("the client is gone")), assert.rejects(answer)]);
  await until("the folder of claimed uploads is empty", async () => (await claims()).length === 0);
  assert.deepEqual((await service.get<{ imports: unknown[] }>("/imports")).imports, []);
});

async function gzipped(text: string): Promise<Uint8Array<ArrayBuffer>> {
  return await new Response(new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"))).bytes();
}
