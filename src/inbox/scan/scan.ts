/**
 * Scans the upload folder. Finds the uploads that are ready, those that must wait (with the reason), and the names that
 * are ignored. Read-only.
 */
import type { BigIntStats } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { byName, oldestFirst } from "../../importer/import_folder.ts";
import type { ClaimedUpload, FolderScan } from "../../importer/inbox_port.ts";
import type { Clock } from "../../runtime/clock.ts";
import { codeOf } from "../../runtime/errors.ts";
import type { Log } from "../../runtime/log.ts";
import { statsOf } from "../files/fsync.ts";
import { type Folders, unreadable } from "../folders.ts";
import type { Notice, ScanState } from "./scan_state.ts";
import { kindOfName } from "../names.ts";
import { reasonToWait } from "./readiness.ts";
import { type Fingerprint, fingerprintOf, mtimeAndSize } from "./settle.ts";
import { listClaimed, pathOf } from "../claim/claimed.ts";
import { waiting } from "./waiting.ts";

export interface ScanContext {
  readonly folders: Folders;
  readonly state: ScanState;
  readonly clock: Clock;
  readonly log: Log;
}

interface Findings extends FolderScan {
  /** Temporary files that have not changed for a day are considered abandoned. */
  readonly oldTemporary: string[];
}

/**
 * The number of entries to read at the same time. This number keeps a slow mount busy without blocking the event loop.
 * Each entry may need a file handle, and a process may have as few as 64 handles.
 */
const MAX_CONCURRENT_STATS = 16;
const DAY_MS = 86_400_000;
/** Deno replaces bytes that are not valid UTF-8 with this character and can neither open nor rename such an entry. */
const REPLACEMENT = "\ufffd";

/** The caller must have checked the folders. */
export async function scanUploads(context: ScanContext, settleSeconds: number): Promise<FolderScan> {
  const found: Findings = { ready: [], claimed: [], moved: [], waiting: [], ignored: [], oldTemporary: [] };
  const { upload } = context.folders;
  const listed = await readdir(upload).catch((error) => {
    throw unreadable(upload, error);
  });
  const names = new Set(listed);
  for (let from = 0, all = [...names]; from < all.length; from += MAX_CONCURRENT_STATS) {
    const some = all.slice(from, from + MAX_CONCURRENT_STATS);
    await Promise.all(some.map((name) => scanEntry(context, found, name, settleSeconds)));
  }
  for (const name of listedTwice(listed)) found.waiting.push(waiting.notUtf8(name));
  await scanClaimed(context, found, settleSeconds);
  context.state.keepOnly(names);
  context.state.logNews(noticesOf(found), context.log);
  return inOrder(found);
}

/** If two entries seem to have the same name, at least one of the names is not valid UTF-8. */
function listedTwice(listed: readonly string[]): string[] {
  const seen = new Set<string>();
  return listed.filter((name) => name.includes(REPLACEMENT) && (seen.has(name) || !seen.add(name)));
}

async function scanEntry(context: ScanContext, found: Findings, name: string, settleSeconds: number): Promise<void> {
  const path = join(context.folders.upload, name);
  const stats = await statsOrCode(path);
  const kind = kindOfName(name);
  if (kind !== "upload") {
    if (stats === null || typeof stats === "string" || !stats.isFile()) return;
    if (kind === "other") found.ignored.push({ name, mtime: Number(stats.mtimeMs) });
    else if (context.clock.now().getTime() - Number(stats.mtimeMs) > DAY_MS) found.oldTemporary.push(name);
  } else if (stats === null) {
    if (name.includes(REPLACEMENT)) found.waiting.push(waiting.notUtf8(name));
  } else if (typeof stats === "string") {
    found.waiting.push(waiting.failing(name, stats));
  } else if (!stats.isFile()) {
    found.waiting.push({ ...waiting.notAPlainFile(name, stats), mtime: Number(stats.mtimeMs) });
  } else {
    await scanUpload(context, found, { path, name, fingerprint: fingerprintOf(stats) }, settleSeconds);
  }
}

async function statsOrCode(path: string): Promise<BigIntStats | string | null> {
  try {
    return await statsOf(path);
  } catch (error) {
    if (codeOf(error) === "") throw error;
    return codeOf(error);
  }
}

async function scanUpload(
  { state, clock }: ScanContext,
  found: Findings,
  { path, name, fingerprint }: { path: string; name: string; fingerprint: Fingerprint },
  settleSeconds: number,
): Promise<void> {
  const now = clock.elapsed();
  const observation = state.settling.observe(name, fingerprint, now);
  const reason = state.refusal(name, now) ?? await reasonToWait({ path, name, observation }, settleSeconds, now);
  observation.ready = reason === null;
  if (reason === null) found.ready.push({ name, ...mtimeAndSize(fingerprint) });
  else if (reason !== "vanished") found.waiting.push({ ...reason, mtime: mtimeAndSize(fingerprint).mtime });
}

async function scanClaimed(context: ScanContext, found: Findings, settleSeconds: number): Promise<void> {
  for (const entry of await listClaimed(context.folders.work)) {
    if (entry.kind === "file") context.state.claimedFiles.set(entry.upload.key, entry.fingerprint);
    if (entry.kind === "stray") found.waiting.push(waiting.stray(entry.key));
    else if (entry.kind === "moved") found.moved.push(entry.upload);
    else if (!context.state.mustResettle(entry.upload.key)) found.claimed.push(entry.upload);
    else await scanResettling(context, found, entry, settleSeconds);
  }
}

/** A claimed upload that changed while it was being read must settle like a new upload. */
async function scanResettling(
  { folders, state, clock }: ScanContext,
  found: Findings,
  { upload, fingerprint }: { upload: ClaimedUpload; fingerprint: Fingerprint },
  settleSeconds: number,
): Promise<void> {
  const now = clock.elapsed();
  const observation = state.resettling.observe(upload.key, fingerprint, now);
  const file = { path: pathOf(folders.work, upload), name: upload.name, observation };
  const reason = await reasonToWait(file, settleSeconds, now);
  if (reason === "vanished") return;
  if (reason !== null) return void found.waiting.push(waiting.changedWhileRead(upload.name));
  state.endResettle(upload.key);
  found.claimed.push(upload);
}

function noticesOf({ ignored, waiting, oldTemporary }: Findings): Notice[] {
  return [
    ...ignored.map(({ name }) => ({ event: "upload_ignored" as const, file: name })),
    ...oldTemporary.map((file) => ({ event: "temporary_file_is_old" as const, file })),
    ...waiting.filter(({ code }) => code !== "changing")
      .map(({ name, code, text }) => ({ event: "upload_waiting" as const, file: name, code, text })),
  ];
}

function inOrder({ ready, claimed, moved, waiting, ignored }: Findings): FolderScan {
  return {
    ready: ready.sort(oldestFirst),
    claimed: claimed.sort(oldestFirst),
    moved: moved.sort(oldestFirst),
    waiting: waiting.sort((a, b) => (a.mtime ?? 0) - (b.mtime ?? 0) || byName(a, b)),
    ignored: ignored.sort(byName),
  };
}
