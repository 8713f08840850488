/** An import that stops at a known place until the test lets it go on. */
import type { Progress, RosterFile } from "../../src/importer/ports.ts";
import type { Way } from "./roster_database.ts";

export interface Held {
  way: Pick<Way, "through" | "onProgress">;
  /** Resolves when the import stands there. */
  reached: Promise<void>;
  release: () => void;
}

/** The header of a roster is looked for in so many bytes, before the first record is sent. */
const HEAD_BYTES = 1 << 20;

/** `copying`: some records are sent, others (of a file of several MiB) not read. `staged`: all are sent, none is merged. */
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
