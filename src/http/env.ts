/** The data that the HTTP interface attaches to a request. */
import type { Context } from "hono";
import type { Role } from "../domain/access.ts";

/** The client that sent a request. */
export interface Caller {
  /** The name of the token. */
  name: string;
  role: Role;
  /** The name for the history and the log: the name of the token, or of the user who ran a command. */
  by: string;
}

export interface HttpEnv {
  /** The address of the client. Absent in tests without a socket. */
  Bindings: { address?: string; gone?: AbortSignal };
  Variables: {
    caller: Caller;
    /** The whole body. Not set for `POST /check`, which reads its body as a stream. */
    body: Uint8Array<ArrayBuffer>;
  };
}

/**
 * A signal that aborts when the client has disconnected. The signal of the request itself is not used, because Deno
 * aborts it even after a complete response.
 */
export function gone(c: Context<HttpEnv>): AbortSignal {
  return c.env?.gone ?? c.req.raw.signal;
}
