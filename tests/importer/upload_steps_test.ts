/** The steps for each upload: claim it, import it, keep its failed records, move it to `bak`, and forget it. */
import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { finishUpload, importUpload, type PendingUpload, type Turn } from "../../src/importer/upload_steps.ts";
import type { UploadFolder } from "../../src/inbox/inbox.ts";
import { treeOf } from "../inbox/folder_tree.ts";
import { type Uploads, withUploads } from "../inbox/upload_folder.ts";
import { onServer } from "../postgres/roster_database.ts";
import { turnOver } from "./one_turn.ts";

const ROSTER = "unique_id,login_source,active\n1001,ldap,1\n1002,ldap,yes\n";

async function advance(turn: Turn, from: PendingUpload): Promise<number | null> {
  const imported = await importUpload(turn, from);
  return imported && await finishUpload(turn, imported);
}

const ready = async ({ inbox }: Uploads) => (await inbox.scan(0)).ready[0];

onServer(
  "an upload and its failed records move to bak, and .rosterd is empty afterwards",
  (db) =>
    withUploads({ "x.csv": ROSTER }, async (uploads) => {
      const id = await advance(turnOver(uploads, db), { place: "upload", upload: await ready(uploads), entry: null });

      const entry = (await db.store.find(id!))!;
      assert.deepEqual([entry.status, entry.created, entry.failed], ["failed_records", 1, 1]);
      const since = entry.started_at.replace(/\.\d+/, "");
      const failed =
        "\ufeffunique_id,login_source,active,rosterd_line,rosterd_column,rosterd_code,rosterd_since,rosterd_record,rosterd_reason\r\n" +
        `1002,ldap,yes,3,active,9033,${since},,"active ""yes"" must be 0 or 1"\r\n`;
      assert.deepEqual((await treeOf(uploads.root)).bak, { [entry.bak_file!]: ROSTER, [entry.failed_file!]: failed });
      assert.deepEqual((await uploads.restarted().scan(0)).claimed, []);
    }),
);

onServer(
  "if a process stops after the import, the next process continues without a second import",
  (db) =>
    withUploads({ "x.csv": ROSTER }, async (uploads) => {
      const keepFailed = () => Promise.reject(new Error("the process was killed"));
      const inbox: UploadFolder = Object.create(uploads.inbox, { keepFailed: { value: keepFailed } });
      const from = { place: "upload" as const, upload: await ready(uploads), entry: null };
      await assert.rejects(advance(turnOver({ inbox }, db), from), /was killed/);

      const next = { inbox: uploads.restarted() };
      const [upload] = (await next.inbox.scan(0)).claimed;
      const [{ entry }] = await db.store.unfinished("", [upload.key]);
      const id = await advance(turnOver(next, db), { place: "claimed", upload, entry });

      assert.equal(id, entry.id);
      assert.equal((await db.store.find(id!))!.created, 1, "as the first process counted it");
      const [{ count }] = await db.sql`select count(*)::integer as count from rosterd.imports`;
      assert.equal(count, 1);
    }),
);

onServer(
  "an upload that another program removes is recorded as vanished in the history",
  (db) =>
    withUploads({ "x.csv": ROSTER }, async (uploads) => {
      const upload = await uploads.claim("x.csv");
      await rm(uploads.at(".rosterd", upload.key, "x.csv"));

      assert.equal(await advance(turnOver(uploads, db), { place: "claimed", upload, entry: null }), null);

      const [{ status, reason }] = await db.sql`select status, reason from rosterd.imports`;
      assert.equal(status, "error");
      assert.deepEqual(reason, { code: "vanished", text: "the file was removed before it was imported", line: null });
    }),
);
