/** What an import works with, and what is known of its file while it runs. */
import type { Settings } from "../domain/settings.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Facts, Progress, RosterFile } from "./ports.ts";

/** What reading a roster into a transaction needs beside the two. */
export interface ReadJob {
  /** The settings of its start; they hold to its end. */
  settings: Settings;
  clock: Clock;
  signal: AbortSignal;
  onProgress: (progress: Progress) => void;
  /** Lets others have their turn; called between pieces of work that seldom wait. */
  yieldToRequests?: () => Promise<void>;
  /** Filled in as the file is read, so that they are known also when the import ends early. */
  facts: Facts;
}

export interface ImportJob extends ReadJob {
  /** The file is an upload: its import owes a mail, and the next process resumes it when this one is called off. */
  isUpload: boolean;
}

/** The file changed while it was read: nothing was applied, and it waits until it has settled anew. */
export class ChangedWhileRead extends Error {
  override readonly name = "ChangedWhileRead";
  constructor() {
    super("the file changed while it was read");
  }
}

/** Facts of a file of which nothing was read yet. */
export function unreadFacts(file: RosterFile): Facts {
  return { bytes: file.size, sha256: null, encoding: null, delimiter: null, records: 0 };
}
