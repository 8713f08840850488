/**
 * Limits how long a file system may take. A mount without its server never answers, and rosterd would wait forever.
 * Such a call cannot be cancelled, so no other call is made until it returns; otherwise waiting calls would use up all threads.
 */
import { UnusableFolder } from "../../importer/ports.ts";
import { withTimeout } from "../../runtime/with_timeout.ts";

export class HangGuard {
  #late: Promise<unknown> | null = null;
  constructor(readonly folder: string, readonly maxMs: number) {}

  /** Throws {@link UnusableFolder} `upload_hanging` while this or an earlier call takes too long. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#late) throw this.#hanging();
    const answer = work();
    return await withTimeout(this.maxMs, answer, () => {
      this.#waitFor(answer);
      return this.#hanging();
    });
  }

  /** Ignores the late answer itself. */
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
