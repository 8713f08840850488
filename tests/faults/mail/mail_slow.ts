/**
 * Tests mail in real time: timeouts with a silent server, a day of bad files, and kills at random moments while the
 * mail server misbehaves. `ROSTERD_KILLS` sets the number of kills, 60 by default.
 */
import assert from "node:assert/strict";
import { numbers } from "../processes/kills.ts";
import { MailProcess } from "./process.ts";
import { MailWorld, MINUTE } from "./world.ts";
import type { Misbehaviour } from "../../support/smtp_server.ts";
import { until } from "../../support/until.ts";
import { survived } from "../verdict.ts";

const KILLS = Number(Deno.env.get("ROSTERD_KILLS") ?? 60);
const FILES = Number(Deno.env.get("ROSTERD_BAD_FILES") ?? 1_440);

for (const [what, how, longest] of [["greets", "silent", 40_000], ["answers the data", "stall", 75_000]] as const) {
  Deno.test(`a mail to a server that never ${what} fails within the timeouts, and is sent later`, async () => {
    await using w = await MailWorld.start();
    w.server.misbehave({ how }, 1);
    const entry = await w.import("a.csv");
    const began = performance.now();
    assert.match((await w.tried(entry, 1, longest)).error, /did not answer in time \(ETIMEDOUT/);
    console.log(`given up after ${Math.round((performance.now() - began) / 1_000)} s`);
    w.pass(2 * MINUTE);
    await w.mailIs(entry, "sent");
    survived({ fault: `mail: a server that never ${what}`, injected: 1, checks: await w.inTheEnd() });
  });
}

Deno.test(`${FILES} bad files within a day cause few mails, and each is reported`, async () => {
  await using w = await MailWorld.start();
  const injected = await w.floodOf(FILES);
  console.log(`${w.mails.length} mails`);
  survived({ fault: "mail: a bad file every minute for a day", injected, checks: await w.inTheEnd() });
});

Deno.test("an email that a killed rosterd had claimed is sent once its claim expires", async () => {
  await using w = await MailProcess.make();
  await w.starts();
  w.server.misbehave({ how: "stall" }, 1);
  await w.import("a.csv");
  await w.server.misbehaved(1);
  await w.ends("SIGKILL");
  const began = performance.now();
  await w.starts();
  await w.server.received(1, 180_000);
  console.log(`it came after ${Math.round((performance.now() - began) / 1_000)} s`);
  await w.ends("SIGTERM");
  survived({ fault: "mail: killed after claiming a mail", injected: 1, kills: 1, checks: await w.inTheEnd() });
});

const WAYS: (Misbehaviour | null)[] = [
  null,
  { how: "silent" },
  { how: "stall" },
  { how: "stall", keeps: true },
  { how: "drop" },
  { how: "cut" },
  { how: "babble", text: "421 4.3.2 no\r\n" },
  { how: "refuse", at: "RCPT", code: 450 },
  { how: "refuse", at: "DATA", code: 451 },
];

Deno.test(`${KILLS} kills at random moments, with a bad mail server, lose no report`, async () => {
  const seed = Date.now() % 1_000_000, random = numbers(seed);
  console.log(`seed ${seed}`);
  await using w = await MailProcess.make();
  for (let kill = 0; kill < KILLS; kill++) {
    const way = WAYS[Math.floor(random() * WAYS.length)];
    w.server.misbehave(way);
    await w.starts();
    await w.drop(`roster${kill}.csv`);
    w.ask("POST", "/imports?wait=true").catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, random() * 500));
    await w.ends("SIGKILL");
    await w.minutesPass(Math.floor(random() * 60));
  }
  w.server.misbehave(null);
  await w.starts();
  await until("every failure was mailed", async () => {
    await w.ask("POST", "/imports?wait=true");
    await w.minutesPass(60);
    // Moves the clock forward by an hour, because only ten emails an hour are sent.
    await w.database.sql`update rosterd.outbox set sent_at = sent_at - interval '1 hour'`;
    const { imports } = await w.ask("GET", "/imports?limit=200");
    return imports.length === KILLS && imports.every((entry: { mail: string }) => entry.mail === "sent");
  }, 120_000);
  await w.ends("SIGTERM");
  assertOneContentOfEachId(w);
  survived({
    fault: "mail: killed at random moments while the mail server misbehaves",
    injected: KILLS,
    kills: KILLS,
    checks: await w.inTheEnd(),
  });
});

/** Emails with the same Message-ID must be identical. */
function assertOneContentOfEachId({ server, outside }: MailProcess): void {
  const texts = new Map<string, string>();
  for (const { messageId, subject, text } of server.mails) {
    const before = texts.get(messageId!);
    if (before !== undefined) assert.equal(`${subject} ${text}`, before);
    texts.set(messageId!, `${subject} ${text}`);
    outside.checks++;
  }
  console.log(`${server.mails.length} mails under ${texts.size} Message-IDs`);
}
