/**
 * A service that no longer responds over HTTP, although its event loop runs, exits with code 70. strace makes each call
 * to accept fail.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { missingPrograms } from "../../support/programs.ts";
import { FROM_SOURCE, Workplace } from "../../support/rosterd.ts";
import { survived } from "../verdict.ts";

const missing = missingPrograms("strace");
if (missing !== null) console.error(`LEFT OUT: the tests of ${import.meta.url}: ${missing}`);

/** The first three calls to accept succeed, because they belong to the service's connection to itself. */
const STRACE = ["strace", "-f", "-qq", "-e", "trace=accept4", "-e", "inject=accept4:error=EMFILE:when=4+"];

Deno.test({
  name: "a service that no longer accepts connections exits with code 70 after two minutes, and the log says why",
  ignore: missing !== null,
  async fn() {
    await using here = await Workplace.make({
      DATABASE_URL: "postgres://rosterd@127.0.0.1:1/none",
      ROSTERD_LISTEN: "127.0.0.1:0",
    }, FROM_SOURCE);
    const traced = here.with([...STRACE, "-o", join(here.folder, "trace"), ...FROM_SOURCE]);
    const { code, err } = await traced.run("serve");
    assert.equal(code, 70, err);
    assert.match(err, /"event":"http_silent"/);
    survived({ fault: "HTTP: connections are no longer accepted", injected: 1, checks: 2 });
  },
});
