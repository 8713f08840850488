/** Keeps a server accepting. */
import type { Server } from "node:http";

/** The clients of a shorter outage wait in the queue of the system. */
const LISTEN_AGAIN_MS = 1_000;
/** As many clients wait there as Node's servers let wait. */
const BACKLOG = 511;

interface Listening {
  _handle?: { listen?(backlog: number): number } | null;
}

/**
 * Deno accepts no connection any more after one for which the process had no handle left (EMFILE), and says so to nobody;
 * measured with 2.9.6. To listen once more on the same socket starts it again, and does nothing to one that works.
 * Returns what ends this.
 */
export function keepAccepting(server: Server): () => void {
  const timer = setInterval(() => (server as Listening)._handle?.listen?.(BACKLOG), LISTEN_AGAIN_MS);
  return () => clearInterval(timer);
}
