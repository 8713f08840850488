/** A separate server process with a single path: `flooded_server.ts MOST_CONNECTIONS`. Prints its port. */
import { Hono } from "hono";
import type { HttpEnv } from "../../src/http/env.ts";
import { serveHttp } from "../../src/http/serve.ts";

const app = new Hono<HttpEnv>();
/** Responds with the number of handles that this process has open. */
app.get("/handles", (c) => c.text(String([...Deno.readDirSync("/proc/self/fd")].length)));
const options = { hostname: "127.0.0.1", port: 0, headTimeoutMs: 2_000, mostConnections: Number(Deno.args[0]) };
const server = await serveHttp(app, options, new AbortController().signal);
// Deno 2.9.6 panics if it installs signal handlers without a free handle. rosterd also installs them at startup.
Deno.addSignalListener("SIGTERM", () => Deno.exit());
console.log(server.port);
