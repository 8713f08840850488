/**
 * A sample of the polluted files from `polluted_rosters_slow.ts`. Each record is applied correctly, fails, or is
 * rejected along with its file. No records are applied with wrong values. No clean records next to polluted ones are
 * lost.
 */
import assert from "node:assert/strict";
import { parseSettings } from "../../src/domain/parse_settings.ts";
import { importFolder } from "../../src/importer/import_folder.ts";
import { withUploads } from "../inbox/upload_folder.ts";
import { onServer } from "../postgres/roster_database.ts";
import { turnOver } from "./one_turn.ts";
import { CLEAN_ROSTERS, HEADER } from "./pollution/clean_roster.ts";
import { HIDDEN_FILE_KINDS, pollutedFiles } from "./pollution/file_kinds.ts";
import { outcomeOf } from "./pollution/outcome.ts";
import { textOf } from "./pollution/polluted_file.ts";
import { RECORD_KINDS } from "./pollution/record_kinds.ts";
import { allPolluted } from "./pollution/tally.ts";
import { verdictOn } from "./pollution/verdict.ts";

Deno.test("clean rosters are applied unchanged, in chunks of any size", async () => {
  for (const roster of CLEAN_ROSTERS) {
    for (const chunk of [7, 65_536]) {
      const file = { kind: "clean", name: roster.name, text: textOf(roster), roster, polluted: new Map() };
      const verdict = verdictOn(file, await outcomeOf(file.text, undefined, chunk));
      assert.deepEqual(
        verdict,
        { right: 1, failed: 0, rejected: 0, wrong: 0, lost: 0, beside: 0, clean: 40 },
        roster.name,
      );
    }
  }
});

const SAMPLE = 45;

Deno.test("no damaged record is imported with wrong values, and no clean record beside it is lost", async () => {
  let at = 0;
  const kinds = new Set<string>();
  for (const file of allPolluted()) {
    // Takes the first file of each kind and a sample of the rest.
    if (kinds.has(file.kind) && at++ % SAMPLE > 0) continue;
    kinds.add(file.kind);
    const { wrong, lost } = verdictOn(file, await outcomeOf(file.text));
    assert.deepEqual({ wrong, lost }, { wrong: 0, lost: 0 }, `${file.kind}: ${file.name}`);
  }
  assert.equal(kinds.size, 23);
});

Deno.test("rows of a second table that look like users fail if login_sources lists the valid sources", async () => {
  const settings = parseSettings({ login_sources: ["ldap"] });
  for (const roster of CLEAN_ROSTERS) {
    for (const file of pollutedFiles(roster, HIDDEN_FILE_KINDS)) {
      if (!file.kind.includes("table")) continue;
      const { wrong, lost } = verdictOn(file, await outcomeOf(file.text, settings));
      assert.deepEqual({ wrong, lost }, { wrong: 0, lost: 0 }, file.name);
    }
  }
});

interface Packed {
  text: string;
  clean: Map<string, readonly string[]>;
  polluted: number;
}

/** A few polluted records of each kind, each between two clean records. */
function packed(): Packed {
  const [{ records, written }] = CLEAN_ROSTERS;
  const clean = new Map<string, readonly string[]>(), lines = [HEADER.join(",")];
  const addClean = () => {
    const id = `c${clean.size}`;
    const own: Record<string, string> = { unique_id: id, email: `${id}@example.edu`, user_name: id };
    const values = HEADER.map((name, at) => own[name] ?? records[0][at]);
    clean.set(id, values);
    lines.push(values.join(","));
  };
  addClean();
  const texts = Object.values(RECORD_KINDS).flatMap((pollute, kind) =>
    [1, 2, 3, 4].map((place) => {
      const at = (4 * kind + place) % records.length, all = pollute(written[at], records[at]);
      return all[Math.floor(place * all.length / 5)]?.text ?? "";
    })
  );
  // Two records with an odd number of quotes would enclose the clean record between them.
  const isOdd = (text: string) => text.split('"').length % 2 === 0;
  const kept = texts.filter((text, at) => text !== "" && (!isOdd(text) || at === texts.findLastIndex(isOdd)));
  for (const text of kept) {
    lines.push(text);
    addClean();
  }
  return { text: lines.map((line) => line + "\n").join(""), clean, polluted: kept.length };
}

onServer(
  "from a roster with dozens of damaged records, exactly the clean ones are applied, and the others are reported",
  async (db) => {
    const { text, clean, polluted } = packed();
    assert.ok(polluted > 36, `${polluted} polluted records`);
    await withUploads({ "polluted.csv": text }, async (uploads) => {
      const { imported: [id] } = await importFolder(turnOver(uploads, db), await uploads.inbox.scan(0));
      const { status, created, failed } = (await db.store.find(id))!, users = await db.users();
      assert.equal(status, "failed_records");
      assert.deepEqual(Object.keys(users).sort(), [...clean.keys()].sort());
      assert.equal(created, clean.size);
      // A record that is split by a line ending causes two failures.
      assert.ok(failed >= polluted, `${failed} of ${polluted} failed`);
      const seen = [...clean.keys()].map((id) =>
        HEADER.map((name) => users[id][name === "data_of_birth" ? "date_of_birth" : name])
      );
      const known = (values: readonly unknown[]) =>
        HEADER.flatMap((name, at) => ["department", "active"].includes(name) ? [] : [values[at]]);
      assert.deepEqual(seen.map(known), [...clean.values()].map(known));
    });
  },
);
