/** What the parts of the HTTP interface attach to a request. */
import type { Context } from "hono";
import type { Role } from "../domain/access.ts";

/** Who sent a request. */
export interface Caller {
  /** The name of the token. */
  name: string;
  role: Role;
  /** Who decided, for the history and the log: the name of the token, or the user who ran a command. */
  by: string;
}

export interface HttpEnv {
  /** From the client's connection. Absent in tests without a socket. */
  Bindings: { address?: string; gone?: AbortSignal };
  Variables: {
    caller: Caller;
    /** The whole body. Not set for `POST /check`, which streams its body. */
    body: Uint8Array<ArrayBuffer>;
  };
}

/** Aborted when the client has disconnected. Deno aborts the request's own signal even after a complete response. */
export function gone(c: Context<HttpEnv>): AbortSignal {
  return c.env?.gone ?? c.req.raw.signal;
}
