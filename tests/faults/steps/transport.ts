/** Replaces `src/smtp/transport.ts`. */
import * as real from "../../../src/smtp/transport.ts";
import { effect } from "./killing.ts";

export * from "../../../src/smtp/transport.ts";

export function createTransport(...args: Parameters<typeof real.createTransport>): real.Transport {
  const send = real.createTransport(...args);
  return (...mail) => effect("send mail", () => send(...mail));
}
