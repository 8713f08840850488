/**
 * Reports the state of the process to its supervisor, as sd_notify(3) does: one datagram to the socket in
 * NOTIFY_SOCKET.
 */
import { join } from "node:path";

export type Notify = (state: string) => Promise<void>;

/**
 * Returns a function that sends states such as `READY=1`. `folder` must be writable, because the sending socket briefly
 * exists there. A `target` that begins with `@` is an abstract name.
 */
export function notifier(target: string, folder: string): Notify {
  const path = target.replace(/^@/, "\0");
  return async (state) => {
    const name = join(folder, `.notify-${crypto.randomUUID().slice(0, 8)}`);
    const socket = Deno.listenDatagram({ transport: "unixpacket", path: name });
    try {
      await Deno.remove(name);
      await socket.send(new TextEncoder().encode(state), { transport: "unixpacket", path });
    } finally {
      socket.close();
    }
  };
}
