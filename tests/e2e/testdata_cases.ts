/**
 * The rosters of `tests/testdata/`: each folder is a case, with an upload and its expected outcome. The expected files
 * were written by hand; no program creates them.
 *
 * | file                  |                                                                                      |
 * | --------------------- | ------------------------------------------------------------------------------------ |
 * | `upload.…`            | the bytes as they are uploaded; the ending is part of the case                       |
 * | `settings.json`       | settings that differ from the defaults; absent if there are none                     |
 * | `before.csv`          | imported first, under the same settings; none of its records fail                    |
 * | `expected.json`       | the outcome: {@link Expected}                                                        |
 * | `expected.failed.csv` | the failed-records file, byte for byte, with SINCE for the time; absent if no record fails |
 * | `expected.check.txt`  | what `rosterd check` prints; only for a few cases                                    |
 */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import type { Change, Report } from "../../src/domain/outcome.ts";

const TESTDATA = new URL("../testdata/", import.meta.url);

/** Folders that are not cases. */
const NO_CASES = ["smtp"];

export interface Expected {
  /** The encoding as shown in the history; absent for a rejected file. */
  encoding?: string;
  delimiter?: string;
  /** What the import and the check of this file report. */
  report: Report;
  /** The changes that `check` should predict; absent if the case does not test them. */
  changes?: Change[];
  /** All users afterwards, by unique_id. `archived` says whether `archived_at` is set. */
  users: { columns: string[]; rows: (string | null)[][] } | undefined;
}

export interface Case {
  name: string;
  /** The path of the uploaded file. */
  path: string;
  bytes: Uint8Array;
  settings: Record<string, unknown> | null;
  before: Uint8Array | null;
  expected: Expected;
  failed: Uint8Array | null;
  /** The expected output of `rosterd check`, if the case has one. */
  printed: string | null;
}

/** Throws if a folder contains a file that no test reads or if it lacks a required file. */
export async function readCases(): Promise<Case[]> {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(TESTDATA)) if (!NO_CASES.includes(name)) names.push(name);
  return await Promise.all(names.sort().map(readCase));
}

async function readCase(name: string): Promise<Case> {
  const folder = new URL(`${name}/`, TESTDATA);
  const files = new Map<string, Uint8Array>();
  for await (const file of Deno.readDir(folder)) {
    files.set(file.name, await Deno.readFile(new URL(file.name, folder)));
  }
  const take = (file: string) => {
    const bytes = files.get(file) ?? null;
    files.delete(file);
    return bytes;
  };
  const upload = [...files.keys()].find((file) => /^upload\.(csv|tsv|txt)(\.gz)?$/.test(file));
  assert.ok(upload !== undefined, `${name} has no upload`);
  assert.ok(files.has("expected.json"), `${name} has no expected.json`);
  const found: Case = {
    name,
    path: fileURLToPath(new URL(upload, folder)),
    bytes: take(upload)!,
    settings: json(take("settings.json")) as Case["settings"],
    before: take("before.csv"),
    expected: json(take("expected.json")) as Expected,
    failed: take("expected.failed.csv"),
    printed: text(take("expected.check.txt")),
  };
  assert.deepEqual([...files.keys()], [], `files of ${name} that no test reads`);
  assert.equal(found.expected.report.file, upload, name);
  assert.equal(
    found.failed !== null,
    found.expected.report.failed > 0,
    `${name}: a failed-records file for failures only`,
  );
  return found;
}

function text(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
}

function json(bytes: Uint8Array | null): unknown {
  return bytes === null ? null : JSON.parse(text(bytes)!);
}
