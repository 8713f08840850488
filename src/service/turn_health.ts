/**
 * Tracks whether turns succeed. After a failed turn, or during one that makes no progress, nothing is imported
 * (docs/operations.md#health-checks).
 */
import type { CodedText } from "../domain/outcome.ts";
import type { Clock } from "../runtime/clock.ts";
import { codeOf } from "../runtime/errors.ts";

/** Longer than the merge of a large roster goes without progress. */
const MAX_SILENCE_MS = 300_000;

export class TurnHealth {
  #failure: CodedText | null = null;
  /** When the current turn last progressed, by the monotonic clock; null between turns. */
  #progressAt: number | null = null;

  constructor(private readonly clock: Clock) {}

  get progressAt(): number | null {
    return this.#progressAt;
  }

  /** Runs a turn and remembers how it ended. */
  async watch(turn: () => Promise<void>): Promise<void> {
    this.progressed();
    try {
      await turn();
      this.#failure = null;
    } catch (error) {
      const code = codeOf(error) || (error instanceof Error ? error.name : "unknown");
      this.#failure = {
        code: "turn_failed",
        text: `the last scan failed (${code}); the log has the error, and the next scan retries`,
      };
      throw error;
    } finally {
      this.#progressAt = null;
    }
  }

  progressed(): void {
    this.#progressAt = this.clock.elapsed();
  }

  /** Why nothing is imported, in words that name no path and no user; null if imports work. */
  get problem(): CodedText | null {
    if (this.#progressAt === null || this.clock.elapsed() - this.#progressAt <= MAX_SILENCE_MS) return this.#failure;
    const minutes = Math.floor((this.clock.elapsed() - this.#progressAt) / 60_000);
    return { code: "turn_stalled", text: `the current scan has made no progress for ${minutes} minutes` };
  }
}
