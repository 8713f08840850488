/**
 * A deadline for questions to a file system: a mount whose server is gone answers never, and a service that waits for
 * it looks alive and does nothing. The question cannot be taken back, so no second one is asked until it is answered;
 * else the threads of the process would fill up with waiting.
 */
import { UnusableFolder } from "../../importer/ports.ts";
import { withTimeout } from "../../runtime/with_timeout.ts";

export class HangGuard {
  #late: Promise<unknown> | null = null;
  constructor(readonly folder: string, readonly maxMs: number) {}

  /** Does the work. Throws {@link UnusableFolder} `upload_hanging` when it, or an earlier one, takes too long. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#late) throw this.#hanging();
    const answer = work();
    return await withTimeout(this.maxMs, answer, () => {
      this.#waitFor(answer);
      return this.#hanging();
    });
  }

  /** What a late answer says no longer matters to anybody, whatever it is. */
  #waitFor(answer: Promise<unknown>): void {
    const done = () => void (this.#late = null);
    this.#late = answer.then(done, done);
  }

  #hanging(): UnusableFolder {
    return new UnusableFolder(
      "upload_hanging",
      `The upload folder ${this.folder} has not answered for ${this.maxMs / 1_000} s`,
      "its mount hangs; check the file server and the network",
    );
  }
}
