/** What the parts of the HTTP interface pass on with a request. */
import type { Context } from "hono";

/** Whose token it is: `read` may read only. */
export type Role = "admin" | "read";

export interface HttpEnv {
  /** From the client's connection. Absent in tests without a socket. */
  Bindings: { address?: string; gone?: AbortSignal };
  Variables: {
    role: Role;
    /** The whole body. Not set for `POST /check`, which streams it. */
    body: Uint8Array<ArrayBuffer>;
  };
}

/** Aborted when the client has gone. Deno aborts the request's own signal even after a complete answer. */
export function gone(c: Context<HttpEnv>): AbortSignal {
  return c.env?.gone ?? c.req.raw.signal;
}
