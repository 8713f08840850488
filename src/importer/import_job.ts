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
  /** Gives HTTP requests a chance to run. Called between batches, because importing rarely yields by itself. */
  yieldToRequests?: () => Promise<void>;
  /** Filled in while the file is being read, so that they are available even if the import ends early. */
  facts: Facts;
  findings: Findings;
}

export interface ImportJob extends ReadJob {
  /** The columns that an admin has approved for this file, whatever the change guard says. */
  waived?: readonly string[];
  /** Whether mail may be due, and the next process resumes the import if this one is stopped. */
  isUpload: boolean;
}

/** Nothing was applied. The file is retried once it has settled again. */
export class ChangedWhileRead extends Error {
  override readonly name = "ChangedWhileRead";
  constructor() {
    super("the file changed while it was being read");
  }
}

export function unreadFacts(file: RosterFile): Facts {
  return { bytes: file.size, sha256: null, encoding: null, delimiter: null, records: 0 };
}
