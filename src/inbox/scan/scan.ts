/**
 * One look at the upload folder (contract, section 1): which uploads may be taken, which wait and why, which names
 * are left alone. Reads only.
 */
import type { BigIntStats } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { byName, oldestFirst } from "../../importer/import_folder.ts";
import type { ClaimedUpload, FolderScan } from "../../importer/ports.ts";
import type { Clock } from "../../runtime/clock.ts";
import { codeOf } from "../../runtime/errors.ts";
import type { Log } from "../../runtime/log.ts";
import { statsOf } from "../files/fsync.ts";
import { type Folders, unreadable } from "../folders.ts";
import type { Notice, ScanState } from "./scan_state.ts";
import { kindOfName } from "../names.ts";
import { reasonToWait } from "./readiness.ts";
import { ageAndSize, type Fingerprint, fingerprintOf } from "./settle.ts";
import { listClaimed, pathOf } from "../claim/claimed.ts";
import { waiting } from "./waiting.ts";

/** What a look needs. */
export interface ScanContext {
  readonly folders: Folders;
  readonly memory: ScanState;
  readonly clock: Clock;
  readonly log: Log;
}

/** What a look finds, with the temporary files that nobody seems to finish. */
interface Findings extends FolderScan {
  readonly oldTemporary: string[];
}

/**
 * So many entries are asked for at a time: a slow mount is kept busy, and the event loop stays free. Each may be opened, and a
 * process may have few handles (64 are enough).
 */
const MAX_CONCURRENT_STATS = 16;
const DAY_MS = 86_400_000;
/** What Deno shows for bytes of a name that are not UTF-8; such an entry can be neither opened nor renamed. */
const REPLACEMENT = "\ufffd";

/** Looks at every entry once. The folders have been checked before. */
export async function scanUploads(context: ScanContext, settleSeconds: number): Promise<FolderScan> {
  const found: Findings = { ready: [], claimed: [], moved: [], waiting: [], ignored: [], oldTemporary: [] };
  const listed = await namesIn(context.folders.upload);
  const names = new Set(listed);
  for (let from = 0, all = [...names]; from < all.length; from += MAX_CONCURRENT_STATS) {
    const some = all.slice(from, from + MAX_CONCURRENT_STATS);
    await Promise.all(some.map((name) => scanEntry(context, found, name, settleSeconds)));
  }
  for (const name of twins(listed)) found.waiting.push(waiting.notUtf8(name));
  await scanClaimed(context, found, settleSeconds);
  context.memory.keepOnly(names);
  context.memory.logNews(noticesOf(found), context.log);
  return inOrder(found);
}

async function namesIn(upload: string): Promise<string[]> {
  try {
    return await readdir(upload);
  } catch (error) {
    throw unreadable(upload, error);
  }
}

/** Names that are listed twice: behind at least one of the two is a name that is not UTF-8. */
function twins(listed: readonly string[]): string[] {
  const seen = new Set<string>();
  return listed.filter((name) => name.includes(REPLACEMENT) && (seen.has(name) || !seen.add(name)));
}

async function scanEntry(context: ScanContext, found: Findings, name: string, settleSeconds: number): Promise<void> {
  const path = join(context.folders.upload, name);
  const stats = await statsOrCode(path);
  const kind = kindOfName(name);
  if (kind !== "upload") {
    if (stats === null || typeof stats === "string" || !stats.isFile()) return;
    if (kind === "other") found.ignored.push(name);
    else if (context.clock.now().getTime() - Number(stats.mtimeMs) > DAY_MS) found.oldTemporary.push(name);
  } else if (stats === null) {
    if (name.includes(REPLACEMENT)) found.waiting.push(waiting.notUtf8(name));
  } else if (typeof stats === "string") {
    found.waiting.push(waiting.failing(name, stats));
  } else if (!stats.isFile()) {
    found.waiting.push(waiting.notAPlainFile(name, stats));
  } else {
    await scanUpload(context, found, { path, name, print: fingerprintOf(stats) }, settleSeconds);
  }
}

/** The stats of an entry, null when it has vanished, or the code of the error that hides it. */
async function statsOrCode(path: string): Promise<BigIntStats | string | null> {
  try {
    return await statsOf(path);
  } catch (error) {
    if (codeOf(error) === "") throw error;
    return codeOf(error);
  }
}

async function scanUpload(
  { memory, clock }: ScanContext,
  found: Findings,
  { path, name, print }: { path: string; name: string; print: Fingerprint },
  settleSeconds: number,
): Promise<void> {
  const now = clock.elapsed();
  const sight = memory.settling.observe(name, print, now);
  const reason = memory.refusal(name, now) ?? await reasonToWait({ path, name, sight }, settleSeconds, now);
  sight.ready = reason === null;
  if (reason === null) found.ready.push({ name, ...ageAndSize(print) });
  else if (reason !== "vanished") found.waiting.push(reason);
}

async function scanClaimed(context: ScanContext, found: Findings, settleSeconds: number): Promise<void> {
  for (const entry of await listClaimed(context.folders.work)) {
    if (entry.kind === "file") context.memory.claimedFiles.set(entry.upload.key, entry.print);
    if (entry.kind === "stray") found.waiting.push(waiting.stray(entry.key));
    else if (entry.kind === "moved") found.moved.push(entry.upload);
    else if (!context.memory.mustResettle(entry.upload.key)) found.claimed.push(entry.upload);
    else await scanChanged(context, found, entry, settleSeconds);
  }
}

/** A taken upload that changed while it was read: as with a new one, two looks must agree. */
async function scanChanged(
  { folders, memory, clock }: ScanContext,
  found: Findings,
  { upload, print }: { upload: ClaimedUpload; print: Fingerprint },
  settleSeconds: number,
): Promise<void> {
  const now = clock.elapsed();
  const sight = memory.resettling.observe(upload.key, print, now);
  const file = { path: pathOf(folders.work, upload), name: upload.name, sight };
  const reason = await reasonToWait(file, settleSeconds, now);
  if (reason === "vanished") return;
  if (reason !== null) return void found.waiting.push(waiting.changedWhileRead(upload.name));
  memory.endResettle(upload.key);
  found.claimed.push(upload);
}

function noticesOf({ ignored, waiting, oldTemporary }: Findings): Notice[] {
  return [
    ...ignored.map((file) => ({ event: "upload_ignored" as const, file })),
    ...oldTemporary.map((file) => ({ event: "temporary_file_is_old" as const, file })),
    ...waiting.filter(({ code }) => code !== "changing")
      .map(({ name, code, text }) => ({ event: "upload_waiting" as const, file: name, code, text })),
  ];
}

function inOrder({ ready, claimed: taken, moved, waiting, ignored }: Findings): FolderScan {
  return {
    ready: ready.sort(oldestFirst),
    claimed: taken.sort(oldestFirst),
    moved: moved.sort(oldestFirst),
    waiting: waiting.sort(byName),
    ignored: ignored.sort(),
  };
}
