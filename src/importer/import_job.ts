/** What an import works with. */
import type { Settings } from "../domain/settings.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Findings } from "./checks/findings.ts";
import type { Facts, Progress, RosterFile } from "./ports.ts";

export interface ReadJob {
  /** Read once, when the import begins. */
  settings: Settings;
  clock: Clock;
  signal: AbortSignal;
  onProgress: (progress: Progress) => void;
  /** Lets HTTP requests run; called between pieces of work that seldom wait. */
  yieldToRequests?: () => Promise<void>;
  /** Filled in while the file is read, so that an import that ends early has them too. */
  facts: Facts;
  findings: Findings;
}

export interface ImportJob extends ReadJob {
  /** The import of an upload owes a mail, and the next process resumes it if this one is stopped. */
  isUpload: boolean;
}

/** Nothing was applied; the file waits until it has settled again. */
export class ChangedWhileRead extends Error {
  override readonly name = "ChangedWhileRead";
  constructor() {
    super("the file changed while it was being read");
  }
}

export function unreadFacts(file: RosterFile): Facts {
  return { bytes: file.size, sha256: null, encoding: null, delimiter: null, records: 0 };
}
