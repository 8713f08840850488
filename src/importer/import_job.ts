/** The inputs of an import. */
import type { Settings } from "../domain/settings.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Findings } from "./checks/findings.ts";
import type { Facts, Progress } from "./ports.ts";
import type { RosterFile } from "./inbox_port.ts";

export interface ReadJob {
  /** The feed of the file; "" for the upload folder itself. */
  feed: string;
  /** The settings of the feed, read once, at the start of the import. */
  settings: Settings;
  clock: Clock;
  signal: AbortSignal;
  onProgress: (progress: Progress) => void;
  /** Gives HTTP requests a chance to run. Called between batches, because an import rarely yields otherwise. */
  yieldToRequests?: () => Promise<void>;
  /**
   * Facts about the file. The reader fills in these facts while it reads the file, so that they are available even if
   * the import ends early.
   */
  facts: Facts;
  findings: Findings;
}

export interface ImportJob extends ReadJob {
  /** The columns that an admin has approved for this file. The change guard ignores these columns. */
  waived?: readonly string[];
  /** Whether the import may send email and is resumed by the next process after a stop. */
  isUpload: boolean;
}

/**
 * Thrown if the file changed while it was read. No records were applied. The file is retried after it has settled
 * again.
 */
export class ChangedWhileRead extends Error {
  override readonly name = "ChangedWhileRead";
  constructor() {
    super("the file changed while it was being read");
  }
}

export function unreadFacts(file: RosterFile): Facts {
  return { bytes: file.size, sha256: null, encoding: null, delimiter: null, records: 0 };
}
