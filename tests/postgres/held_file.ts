/** A roster file that stops in the middle of being read for good, until the test lets it go on. */
import type { RosterFile } from "../../src/importer/ports.ts";

export interface Held {
  through: (file: RosterFile) => RosterFile;
  /** Resolves when the import stands, with its transaction open and some of the file read. */
  reached: Promise<void>;
  release: () => void;
}

/** `after`: how many chunks of the file the import gets first. */
export function held(after = 0): Held {
  const reached = Promise.withResolvers<void>(), released = Promise.withResolvers<void>();
  const through = (file: RosterFile): RosterFile => {
    let readings = 0;
    return {
      name: file.name,
      size: file.size,
      changed: () => file.changed(),
      close: () => file.close(),
      async *read() {
        // The first reading only examines the bytes.
        const stops = ++readings === 2;
        let chunks = 0;
        for await (const chunk of file.read()) {
          if (stops && chunks++ === after) {
            reached.resolve();
            await released.promise;
          }
          yield chunk;
        }
      },
    };
  };
  return { through, reached: reached.promise, release: () => released.resolve() };
}
