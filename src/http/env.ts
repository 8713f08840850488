/** What the parts of the HTTP interface attach to a request. */
import type { Context } from "hono";

/** The kind of token. `read` allows only reading. */
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

/** Aborted when the client has disconnected. Deno aborts the request's own signal even after a complete response. */
export function gone(c: Context<HttpEnv>): AbortSignal {
  return c.env?.gone ?? c.req.raw.signal;
}
