/** An import that stops at a known point until the test releases it. */
import type { Progress } from "../../src/importer/ports.ts";
import type { RosterFile } from "../../src/importer/inbox_port.ts";
import type { Way } from "./roster_database.ts";

export interface Held {
  way: Pick<Way, "through" | "onProgress">;
  /** Resolves when the import has stopped at that point. */
  reached: Promise<void>;
  release: () => void;
}

/** An import searches this many bytes for the header before it sends the first record. */
const HEAD_BYTES = 1 << 20;

/**
 * `copying`: some records have been sent and, in a file of several MiB, others have not been read yet. `staged`: all
 * records have been sent, but none have been applied.
 */
export function held(place: "copying" | "staged"): Held {
  const reached = Promise.withResolvers<void>(), released = Promise.withResolvers<void>();
  let stage: Progress["stage"] = "examining";
  const stop = () => {
    reached.resolve();
    return released.promise;
  };
  const through = (file: RosterFile): RosterFile => ({
    name: file.name,
    size: file.size,
    close: () => file.close(),
    async changed() {
      if (place === "staged") await stop();
      return await file.changed();
    },
    async *read() {
      let bytes = 0;
      for await (const chunk of file.read()) {
        bytes += chunk.length;
        if (place === "copying" && stage === "reading" && bytes > 2 * HEAD_BYTES) await stop();
        yield chunk;
      }
    },
  });
  const onProgress = (progress: Progress) => stage = progress.stage;
  return { way: { through, onProgress }, reached: reached.promise, release: () => released.resolve() };
}
