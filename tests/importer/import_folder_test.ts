/** One turn: every upload in the folder is imported, oldest first, and ends up in `bak`. */
import assert from "node:assert/strict";
import { utimes } from "node:fs/promises";
import { importFolder } from "../../src/importer/import_folder.ts";
import type { ClaimedUpload } from "../../src/importer/inbox_port.ts";
import { treeOf } from "../inbox/folder_tree.ts";
import { withUploads } from "../inbox/upload_folder.ts";
import { onServer } from "../postgres/roster_database.ts";
import { turnOver } from "./one_turn.ts";

const roster = (city: string) => `unique_id,login_source,city\n1001,ldap,${city}\n`;

onServer(
  "the oldest roster is imported first, so that the newest one takes precedence",
  (db) =>
    withUploads({ "a.csv": roster("Hull"), "b.csv": roster("Ottawa") }, async (uploads) => {
      await utimes(uploads.at("b.csv"), new Date("2026-11-01"), new Date("2026-11-01"));

      const result = await importFolder(turnOver(uploads, db), await uploads.inbox.scan(0));

      assert.deepEqual([result.imported.length, result.postponed, result.hadUploads], [2, [], true]);
      const files = await Promise.all(result.imported.map(async (id) => (await db.store.find(id))!.file));
      assert.deepEqual(files, ["b.csv", "a.csv"]);
      assert.equal((await db.users())["1001"].city, "Hull");
      assert.deepEqual(Object.keys((await treeOf(uploads.root)).bak as object).length, 2);
      assert.deepEqual((await importFolder(turnOver(uploads, db), await uploads.inbox.scan(0))).hadUploads, false);
    }),
);

onServer(
  "an upload that cannot be read now is postponed with its reason, and the others are imported",
  (db) =>
    withUploads({ "a.csv": roster("Hull"), "b.csv": "unique_id,login_source\n2002,ldap\n" }, async (uploads) => {
      const { inbox } = uploads;
      const broken = Object.create(inbox, {
        open: {
          value: (upload: { name: string }) => {
            if (upload.name !== "a.csv") return inbox.open(upload as never);
            throw Object.assign(new Error("input/output error"), { code: "EIO" });
          },
        },
      });

      const first = await importFolder(turnOver({ inbox: broken }, db), await inbox.scan(0));

      const reason = { code: "EIO", text: "input/output error", line: null };
      assert.deepEqual(first.postponed, [{ file: "a.csv", reason }]);
      assert.deepEqual(Object.keys(await db.users()), ["2002"]);

      const second = await importFolder(turnOver(uploads, db), await inbox.scan(0));
      assert.deepEqual([second.imported.length, second.postponed], [1, []]);
      assert.deepEqual(Object.keys(await db.users()), ["1001", "2002"]);
    }),
);

onServer(
  "an upload moves to bak while the next one is imported",
  (db) =>
    withUploads({ "a.csv": roster("Hull"), "b.csv": roster("Ottawa") }, async (uploads) => {
      const { inbox } = uploads, next = Promise.withResolvers<void>();
      const watched: typeof inbox = Object.create(inbox, {
        open: {
          value: (upload: ClaimedUpload) => {
            if (upload.name === "b.csv") next.resolve();
            return inbox.open(upload);
          },
        },
        moveToBak: {
          value: (...args: Parameters<typeof inbox.moveToBak>) => next.promise.then(() => inbox.moveToBak(...args)),
        },
      });

      const { imported, postponed } = await importFolder(turnOver({ inbox: watched }, db), await inbox.scan(0));

      assert.deepEqual([imported.length, postponed], [2, []]);
      assert.equal((await db.users())["1001"].city, "Ottawa");
      assert.deepEqual((await uploads.restarted().scan(0)).claimed, []);
    }),
);

onServer(
  "if bak cannot be used, the turn ends after the next import, and a later turn moves both files",
  (db) =>
    withUploads({ "a.csv": roster("Hull"), "b.csv": roster("Ottawa"), "c.csv": roster("Laval") }, async (uploads) => {
      const { inbox } = uploads, full = Object.assign(new Error("the disk is full"), { code: "ENOSPC" });
      const broken: typeof inbox = Object.create(inbox, { moveToBak: { value: () => Promise.reject(full) } });
      const turn = { ...turnOver({ inbox: broken }, db), stopsAll: (error: unknown) => error === full };

      await assert.rejects(importFolder(turn, await inbox.scan(0)), full);
      assert.equal((await db.users())["1001"].city, "Ottawa");

      const later = await importFolder(turnOver(uploads, db), await inbox.scan(0));
      assert.deepEqual([later.imported.length, later.postponed], [3, []]);
      assert.equal((await db.users())["1001"].city, "Laval");
      assert.deepEqual(Object.keys((await treeOf(uploads.root)).bak as object).length, 3);
    }),
);
