/**
 * Tracks whether turns succeed. After a failed turn, or during a turn without progress, no files are imported
 * (docs/operations.md#health-checks).
 */
import type { CodedText } from "../domain/outcome.ts";
import type { Clock } from "../runtime/clock.ts";
import { codeOf } from "../runtime/errors.ts";

/** The maximum time without progress. Even the merge of a large roster reports progress more frequently. */
const MAX_SILENCE_MS = 300_000;

export class TurnHealth {
  #failure: CodedText | null = null;
  /** The time when the current turn last made progress, by the monotonic clock; null between turns. */
  #progressAt: number | null = null;

  constructor(private readonly clock: Clock) {}

  get progressAt(): number | null {
    return this.#progressAt;
  }

  /** Runs a turn and records how it ended. */
  async watch(turn: () => Promise<void>): Promise<void> {
    this.progressed();
    try {
      await turn();
      this.#failure = null;
    } catch (error) {
      const code = codeOf(error) || (error instanceof Error ? error.name : "unknown");
      this.#failure = {
        code: "turn_failed",
        text: `the last scan failed (${code}) and will be retried; see the log for details`,
      };
      throw error;
    } finally {
      this.#progressAt = null;
    }
  }

  progressed(): void {
    this.#progressAt = this.clock.elapsed();
  }

  /** The reason why imports are not working, without naming a path or a user; null if they are working. */
  get problem(): CodedText | null {
    if (this.#progressAt === null || this.clock.elapsed() - this.#progressAt <= MAX_SILENCE_MS) return this.#failure;
    const minutes = Math.floor((this.clock.elapsed() - this.#progressAt) / 60_000);
    return { code: "turn_stalled", text: `the current scan has made no progress for ${minutes} minutes` };
  }
}
