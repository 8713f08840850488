/**
 * `deno task db`: a temporary PostgreSQL server for development and tests. Prints the server's URL; Ctrl-C removes the
 * server and all its data. Needs Debian's `postgresql` package, but not a running server. When started by root, the
 * server runs as the user `postgres`.
 */
import { Cluster, clusterIsMissing } from "../tests/support/cluster.ts";

const missing = clusterIsMissing();
if (missing !== null) {
  console.error(`Cannot start PostgreSQL: ${missing}.`);
  Deno.exit(1);
}

const { promise: stopped, resolve: stop } = Promise.withResolvers<void>();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) Deno.addSignalListener(signal, stop);

// The data does not outlive the session, so it needs no fsync.
await using cluster = await Cluster.start({ settings: ["max_connections = 100", "fsync = off"] });
console.log(cluster.url);
console.error(
  "\nIn another terminal, for the service or for the tests:\n" +
    `  export DATABASE_URL=${cluster.url}\n` +
    `  export TEST_DATABASE_URL=${cluster.url}\n` +
    "\nCtrl-C removes the server and its data.",
);
await stopped;
