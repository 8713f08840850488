/** What the parts of the HTTP interface hand each other with a request. */
import type { Context } from "hono";

/** Whose token it is: `read` may read only. */
export type Role = "admin" | "read";

export interface HttpEnv {
  /** Of the client's connection; absent in tests without a socket. */
  Bindings: { address?: string; gone?: AbortSignal };
  Variables: {
    role: Role;
    /** The whole body; not set for `POST /check`, which streams it. */
    body: Uint8Array<ArrayBuffer>;
  };
}

/** Aborted when nobody waits for the answer any more. A request's own signal is aborted after good answers, too, by Deno. */
export function gone(c: Context<HttpEnv>): AbortSignal {
  return c.env?.gone ?? c.req.raw.signal;
}
