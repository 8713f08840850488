/**
 * Tests two rosterd processes that share a folder and a database, for a longer time and with the compiled binary.
 * `ROSTERD_KILLS` sets the number of times a leader is killed at a random moment, 30 by default.
 */
import assert from "node:assert/strict";
import { compileBinary } from "../../support/compile.ts";
import { FROM_SOURCE } from "../../support/rosterd.ts";
import { startSmtpServer } from "../../support/smtp_server.ts";
import { until } from "../../support/until.ts";
import { MAIL_SETTINGS } from "../mail/world.ts";
import { Rosterds } from "./rosterds.ts";
import { deposed, hangs, killedInTurn, rolls, takesOver } from "./two_rosterd.ts";
import { survived } from "../verdict.ts";

const KILLS = Number(Deno.env.get("ROSTERD_KILLS") ?? 30);
const USUAL = { settle_seconds: 30, interval_minutes: 1 };

const binary = await compileBinary();
const programs: [string, readonly string[]][] = [
  ["from source", FROM_SOURCE],
  ...(binary === null ? [] : [["compiled", [binary]] as [string, string[]]]),
];

for (const [how, program] of programs) {
  Deno.test(`if the leader is killed during a large COPY, ${how}, the standby takes over within a minute`, () =>
    takesOver(
      "in COPY",
      { users: 400_000, mergeSeconds: 0, program },
      (w) =>
        until("it is in COPY", async () => await w.backends("query ilike 'copy%' and state = 'active'") > 0).then(
          () => {},
        ),
    ));

  Deno.test(`if the leader is killed during a long statement, ${how}, the standby takes over within a minute`, () =>
    takesOver("in a long statement", { users: 100, mergeSeconds: 300, program }, (w) => w.inMerge()));

  Deno.test(`twenty rolling replacements, ${how}, lose nothing`, () => rolls(20, { program }));

  Deno.test(`${KILLS} leaders killed at random moments, ${how}, lose nothing`, () => killedInTurn(KILLS, { program }));
}

Deno.test("with the default settings, too, the standby takes over within a minute", () =>
  takesOver(
    "in a long statement, with the usual settings",
    { users: 100, mergeSeconds: 300, settings: USUAL },
    (w) => w.inMerge(150_000),
  ));

Deno.test("ten leaders that hang during an import and lose leadership import no file twice", () => deposed(10, {}));

Deno.test("a leader that hangs permanently between imports is replaced within a minute", () => hangs({}));

Deno.test("a standby sends no mail", async () => {
  await using server = await startSmtpServer({ security: "none" });
  const settings = { ...MAIL_SETTINGS, smtp: { host: "127.0.0.1", port: server.port, security: "none" } };
  await using w = await Rosterds.make({ settings });
  const leader = await w.start();
  await leader.ask("POST", "/imports?wait=true");
  await w.start("--upload", "other");
  server.misbehave({ how: "refuse", at: "DATA", code: 451 }, 1);
  await w.here.write("upload/a.csv", "unique_id,login_source\n,ldap\n");
  await leader.ask("POST", "/imports?wait=true");
  const { sql } = w.database;
  await until("the first attempt", async () => (await sql`select from rosterd.outbox where tries = 1`).length === 1);
  leader.process.kill("SIGSTOP");
  await sql`update rosterd.outbox set next_try_at = now()`;
  // Waits for twice the outbox's interval.
  await assert.rejects(server.received(1, 20_000), /0 of 1/);
  leader.process.kill("SIGCONT");
  const [mail] = await server.received(1);
  assert.equal(mail.attachments.length, 1, "the mail has its attachment, which only the leader has");
  survived({ fault: "two rosterd: the standby sends no mail", injected: 1, checks: 2 });
});

Deno.test({
  name: "a newer version continues the unfinished work of an older binary",
  ignore: binary === null,
  async fn() {
    await using w = await Rosterds.make({ program: [binary!] });
    let kills = 0;
    for (const moment of ["merge", "copy", "any"]) {
      const old = await w.start();
      await old.ask("POST", "/imports?wait=true");
      await w.mergesTake(moment === "merge" ? 60 : 0);
      await w.drop(w.rosterOf(`${moment}.csv`, moment === "copy" ? 200_000 : 100));
      old.ask("POST", "/imports?wait=true").catch(() => {});
      if (moment === "merge") await w.inMerge();
      if (moment === "copy") await until("COPY", async () => await w.backends("query ilike 'copy%'") > 0);
      await w.nextMergesTake(0);
      await w.end(old, "SIGKILL");
      await w.outside.atAnyInstant();
      const next = await w.startWith(FROM_SOURCE);
      await w.allImported(++kills, 60_000);
      await w.end(next, "SIGTERM");
    }
    await w.outside.inTheEnd();
    survived({
      fault: "process: a new version continues the old version's unfinished work",
      injected: kills,
      kills,
      checks: w.outside.checks,
    });
  },
});
