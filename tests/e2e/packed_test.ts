/** A large roster is stored packed in bak, and everything that reads it there still works. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import type { Replayed } from "../../src/domain/missing_roster.ts";
import type { StatusDocument } from "../../src/http/service.ts";
import type { ImportEntry } from "../../src/importer/ports.ts";
import type { TestService } from "../support/service.ts";
import { until } from "../support/until.ts";
import { onService } from "./http_case.ts";

const USERS = 60;

/** More than 1 MiB, most of it in a column that is ignored. */
function large(city: string, more = ""): string {
  const note = "a long note, ".repeat(1_500);
  const users = Array.from({ length: USERS }, (_, n) => `${n},ldap,${city},"${note}"\n`);
  return `unique_id,login_source,city,note\n${users.join("")}${more}`;
}

const inBak = async (service: TestService, { bak_file }: ImportEntry) =>
  gunzipSync(await Deno.readFile(join(service.upload, "bak", bak_file!))).toString();

const post = async <T>(service: TestService, path: string): Promise<T> => {
  const response = await service.fetch(path, { method: "POST" });
  assert.equal(response.status, 200);
  return await response.json();
};

onService(
  "a packed roster is approved, recognized when it comes back, and replayed",
  { change_guard: { max_percent: 50, min_users: 1 } },
  async (service, { sql }) => {
    const first = await service.import("first.csv", large("Ottawa"));
    assert.match(first.bak_file!, /^first\.\d{8}T\d{6}Z\.csv\.gz$/);
    assert.equal(await inBak(service, first), large("Ottawa"));
    const sent = await service.fetch(`/imports/${first.id}/file`);
    assert.match(sent.headers.get("content-disposition")!, /filename="first\.\d{8}T\d{6}Z\.csv"/);
    assert.equal(await sent.text(), large("Ottawa"));

    const text = large("Hull", ",ldap,x,x\n"), held = await service.import("moved.csv", text);
    assert.deepEqual([held.status, held.bytes], ["held", text.length]);
    const { applied } = await post<{ applied: { import: number } }>(service, `/imports/${held.id}/approve`);
    const entry = await until("the approved import is filed", async () => {
      const entry = await service.get<ImportEntry>(`/imports/${applied.import}`);
      return entry.bak_file === null ? null : entry;
    });
    const { status, updated, failed, bytes, sha256, bak_file } = entry;
    assert.deepEqual([status, updated, failed], ["failed_records", USERS, 1]);
    assert.deepEqual([bytes, sha256, bak_file], [text.length, held.sha256, held.bak_file]);
    assert.match(
      await Deno.readTextFile(join(service.upload, "bak", entry.failed_file!)),
      /^,ldap,x,x,\d+,unique_id/m,
    );

    await service.set({ change_guard: { max_percent: 100 } });
    const copy = await Deno.readFile(join(service.upload, "bak", first.bak_file!));
    const again = await service.import("first.csv.gz", copy);
    assert.deepEqual([again.updated, again.sha256], [USERS, first.sha256]);
    const asUploaded = await service.fetch(`/imports/${again.id}/file`);
    assert.match(asUploaded.headers.get("content-disposition")!, /filename="first\.\d{8}T\d{6}Z(-\d+)?\.csv\.gz"/);
    assert.deepEqual(await asUploaded.bytes(), copy);
    assert.deepEqual(again.warnings.map(({ code }) => code), ["unknown_columns", "same_content"]);

    const { feeds: [{ bak }] } = await service.get<StatusDocument>("/status");
    assert.equal(bak!.files, 4);
    const metrics = await (await service.fetch("/metrics")).text();
    assert.match(metrics, new RegExp(`^rosterd_bak_files 4\nrosterd_bak_bytes|^rosterd_bak_bytes ${bak!.bytes}$`, "m"));

    await service.stop();
    await sql`delete from rosterd.imports where id = ${again.id}`;
    await service.restart();
    const { rosters } = await post<Replayed>(service, "/imports/replay");
    assert.deepEqual(rosters.map(({ file }) => file), [again.bak_file]);
    await service.turn();
    const { imports: [replayed] } = await service.get<{ imports: ImportEntry[] }>("/imports?limit=1");
    assert.deepEqual([replayed.file, replayed.status, replayed.unchanged], ["first.csv.gz", "done", USERS]);
    assert.equal(await inBak(service, replayed), large("Ottawa"));
  },
);

onService(
  "with pack_bak off, a large roster moves to bak unpacked",
  { pack_bak: false },
  async (service) => {
    const { bak_file } = await service.import("x.csv", large("Ottawa"));
    assert.match(bak_file!, /Z\.csv$/);
    assert.equal(await Deno.readTextFile(join(service.upload, "bak", bak_file!)), large("Ottawa"));
  },
);
