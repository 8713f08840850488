/** An inbox for a temporary folder. The test sets the inbox's clock and reads its log. */
import { join } from "node:path";
import { createInbox, type InboxOptions, type UploadFolder } from "../../src/inbox/inbox.ts";
import type { ClaimedUpload } from "../../src/importer/inbox_port.ts";
import type { Clock } from "../../src/runtime/clock.ts";
import type { Log, LogFields } from "../../src/runtime/log.ts";
import { plant, type Tree } from "./folder_tree.ts";

/** The time at which every import in these tests starts, and that time as it appears in file names. */
export const STARTED = new Date("2026-11-23T18:30:58.123Z");
export const T = "20261123T183058Z";

export interface TestClock extends Clock {
  pass(seconds: number): void;
}

export function testClock(): TestClock {
  let elapsed = 1_000;
  return { now: () => STARTED, elapsed: () => elapsed, pass: (seconds) => void (elapsed += seconds * 1_000) };
}

export interface Uploads {
  readonly root: string;
  readonly inbox: UploadFolder;
  readonly clock: TestClock;
  /** The log: `[event, fields]`. */
  readonly events: [string, LogFields | undefined][];
  /** A path in the upload folder. */
  at(...names: string[]): string;
  /** Creates an inbox without state, as a new process would. */
  restarted(): UploadFolder;
  /** Scans with settle_seconds 0 and claims the upload. */
  claim(name: string): Promise<ClaimedUpload>;
}

/** Creates a folder tree for one test. */
export async function withUploads(
  tree: Tree,
  test: (uploads: Uploads) => Promise<void>,
  options: Partial<InboxOptions> = {},
): Promise<void> {
  const root = await Deno.makeTempDir({ prefix: "rosterd-inbox-" });
  try {
    await plant(root, tree);
    await test(uploadsIn(root, options));
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

export function uploadsIn(root: string, options: Partial<InboxOptions> = {}): Uploads {
  const clock = testClock();
  const events: Uploads["events"] = [];
  const note = (event: string, fields?: LogFields) => void events.push([event, fields]);
  const log: Log = { debug: note, info: note, warn: note, error: note };
  const inboxNow = () => createInbox({ upload: root, clock, log, ...options });
  const inbox = inboxNow();
  return {
    root,
    inbox,
    clock,
    events,
    at: (...names) => join(root, ...names),
    restarted: inboxNow,
    claim: (name) => claimNow(inbox, name),
  };
}

export async function claimNow(inbox: UploadFolder, name: string): Promise<ClaimedUpload> {
  const ready = (await inbox.scan(0)).ready.find((upload) => upload.name === name);
  const claimed = ready && await inbox.claim(ready);
  if (!claimed) throw new Error(`${JSON.stringify(name)} could not be claimed`);
  return claimed;
}

export async function textOf(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return new TextDecoder().decode(new Uint8Array(parts.flatMap((part) => [...part])));
}
