/** What the parts of the HTTP interface hand each other with a request. */
import type { HttpBindings } from "@hono/node-server";
import type { Role } from "./tokens.ts";

export interface HttpEnv {
  /** Absent in tests without a socket. */
  Bindings: Partial<HttpBindings>;
  Variables: {
    role: Role;
    /** The whole body; not set for `POST /check`, which streams it. */
    body: Uint8Array<ArrayBuffer>;
  };
}
