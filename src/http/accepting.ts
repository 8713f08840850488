/** Keeps a server accepting. */
import type { Server } from "node:http";

/** During a shorter outage, clients wait in the system's queue. */
const LISTEN_AGAIN_MS = 1_000;
/** The same queue length as Node's servers. */
const BACKLOG = 511;

interface Listening {
  _handle?: { listen?(backlog: number): number } | null;
}

/**
 * Once the process has run out of handles (EMFILE), Deno silently stops accepting connections (measured with 2.9.6). Listening
 * again on the same socket restarts it, and has no effect on one that works. Returns a function that ends this.
 */
export function keepAccepting(server: Server): () => void {
  const timer = setInterval(() => (server as Listening)._handle?.listen?.(BACKLOG), LISTEN_AGAIN_MS);
  return () => clearInterval(timer);
}
