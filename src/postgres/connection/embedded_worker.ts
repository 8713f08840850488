/**
 * Runs the embedded PostgreSQL in a separate thread, so that a query never blocks HTTP. Clients connect through a Unix
 * socket.
 */
import { PGlite } from "@electric-sql/pglite";
import { PGLiteSocketServer } from "@electric-sql/pglite-socket";

export type ToWorker = { kind: "start"; folder: string; socket: string } | { kind: "stop" };
export type FromWorker = { kind: "started" | "stopped" } | { kind: "failed"; message: string };

interface Scope {
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
  postMessage(message: FromWorker): void;
}

function serve(scope: Scope): void {
  let stop = () => Promise.resolve();
  const start = async (folder: string, socket: string) => {
    const db = await PGlite.create(folder);
    const server = new PGLiteSocketServer({ db, path: socket });
    await server.start();
    stop = async () => {
      // The promise is not awaited, because in Deno 2.6 a server on a Unix socket never reports that it has closed. The
      // worker is terminated right after this call.
      void server.stop();
      await db.close();
    };
  };
  scope.onmessage = ({ data }) => {
    const work = data.kind === "start" ? start(data.folder, data.socket) : stop();
    work.then(
      () => scope.postMessage({ kind: data.kind === "start" ? "started" : "stopped" }),
      (error) => scope.postMessage({ kind: "failed", message: String(error) }),
    );
  };
}

serve(self as unknown as Scope);
