/**
 * Limits how long a mount may take to answer. A hanging call cannot be canceled, so no other call is made until it
 * ends. Otherwise, all threads would end up waiting.
 */
import { UnusableFolder } from "../../importer/inbox_port.ts";
import { withTimeout } from "../../runtime/with_timeout.ts";

export class HangGuard {
  #late: Promise<unknown> | null = null;
  constructor(readonly folder: string, readonly maxMs: number) {}

  /**
   * Throws {@link UnusableFolder} `upload_hanging` if this call takes too long or an earlier call is still hanging.
   */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#late) throw this.#hanging();
    const answer = work();
    return await withTimeout(this.maxMs, answer, () => {
      this.#waitFor(answer);
      return this.#hanging();
    });
  }

  /** This code only waits for the late call to end and ignores its result. */
  #waitFor(answer: Promise<unknown>): void {
    const done = () => void (this.#late = null);
    this.#late = answer.then(done, done);
  }

  #hanging(): UnusableFolder {
    return new UnusableFolder(
      "upload_hanging",
      `The upload folder ${this.folder} has not responded for ${this.maxMs / 1_000} s`,
      "its mount is not responding; check the file server and the network",
    );
  }
}
