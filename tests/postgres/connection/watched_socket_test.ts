/** The watched socket works around the driver's errors with lost connections (observed in postgres 3.4.9). */
import assert from "node:assert/strict";
import fc from "fast-check";
import { Findings } from "../../../src/importer/checks/findings.ts";
import { importFile } from "../../../src/importer/import_file.ts";
import { unreadFacts } from "../../../src/importer/import_job.ts";
import { systemClock } from "../../../src/runtime/clock.ts";
import { fileOf } from "../../support/memory_file.ts";
import { ProtocolState } from "../../../src/postgres/connection/protocol_state.ts";
import { connectServer } from "../../../src/postgres/connection/connect.ts";
import { DEFAULT_SETTINGS } from "../../../src/domain/settings.ts";
import { until } from "../../support/until.ts";
import { onServer } from "../roster_database.ts";

const PATIENCE = { silenceMs: 500, answerMs: 2_000, recheckMs: 100 };

onServer(
  "a pool transaction that loses its connection fails, and the process survives",
  async (db) => {
    const losing = db.database.sql.begin(async (tx) => {
      const [{ pid }] = await tx<{ pid: number }[]>`select pg_backend_pid() as pid`;
      await db.sql`select pg_terminate_backend(${pid})`;
      await until(
        "the session ends",
        async () => (await db.sql`select from pg_stat_activity where pid = ${pid}`).length === 0,
      );
      await tx`select 1`.catch(() => {});
      await tx`select 2`;
    });
    await assert.rejects(losing, { code: "CONNECTION_CLOSED" });
    assert.equal((await db.database.sql`select 1 as one`)[0].one, 1);
  },
);

onServer("a COPY that the server refuses after its last byte ends at once, with the server's code", async (db) => {
  await db.sql.unsafe(`
    create table public.full_disk (value text);
    create function public.refuse() returns trigger language plpgsql as
      $$ begin perform pg_sleep(0.3); raise exception 'no room' using errcode = '53100'; end $$;
    create trigger refuse before insert on public.full_disk for each row execute function public.refuse()`);
  const start = performance.now();
  const copying = db.database.transaction(async (tx) => {
    const sink = await tx.unsafe("copy public.full_disk from stdin").writable();
    await new Promise<void>((resolve, reject) => {
      sink.on("error", reject);
      sink.end("a\n", () => resolve());
    });
  });
  await assert.rejects(copying, { code: "53100" });
  assert.ok(performance.now() - start < 5_000);
  assert.equal((await db.database.sql`select 1 as one`)[0].one, 1);
});

Deno.test("if a server closes each new connection, the error is reported at once, without endless retries", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  let calls = 0;
  const serving = (async () => {
    for await (const connection of listener) {
      calls++;
      connection.close();
    }
  })().catch(() => {});
  const database = connectServer(`postgres://nobody@127.0.0.1:${listener.addr.port}/none`, PATIENCE);
  for (let asked = 1; asked <= 7; asked++) {
    await assert.rejects(async () => await database.sql`select 1`, /CONNECTION_CLOSED|ECONNRESET|closed/);
  }
  assert.ok(calls <= 7, `${calls} calls for 7 queries`);
  await database.close();
  listener.close();
  await serving;
});

onServer("an import whose COMMIT succeeded is not applied again", async (db) => {
  const { id } = await db.store.begin({
    feed: "",
    file: "twice.csv",
    claimKey: "key",
    by: null,
    settings: DEFAULT_SETTINGS,
    startedAt: new Date(),
    bytes: 1,
  });
  await db.sql`update rosterd.imports set status = 'done' where id = ${id}`;
  const file = fileOf("unique_id,login_source\n1,ldap\n"), { signal } = new AbortController();
  const job = {
    feed: "",
    settings: DEFAULT_SETTINGS,
    clock: systemClock,
    signal,
    onProgress: () => {},
    facts: unreadFacts(file),
    findings: new Findings(),
    isUpload: true,
  };
  const again = db.store.transaction((transaction) => importFile(file, transaction, id, job), { signal });
  await assert.rejects(again, { code: "applied_before" });
});

const message = (type: string, payload: number[]) => [type.charCodeAt(0), 0, 0, 0, payload.length + 4, ...payload];

Deno.test("the protocol state does not depend on how messages are split", () => {
  const greeting = [...message("R", [0, 0, 0, 0]), ...message("K", [0, 0, 1, 2, 9, 9, 9, 9]), ...message("Z", [73])];
  const answer = [...message("T", [0, 0]), ...message("D", Array(60).fill(7)), ...message("C", [65, 0])];
  const refusal = message("E", [..."SERROR\0VERROR\0C53100\0Mno room\0\0"].map((c) => c.charCodeAt(0)));
  fc.assert(fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (sizes) => {
    const codes: string[] = [];
    const protocol = new ProtocolState((code) => codes.push(code));
    const inPieces = (bytes: number[], tell: (piece: Uint8Array) => void) => {
      for (let at = 0, turn = 0; at < bytes.length; turn++) {
        const size = sizes[turn % sizes.length];
        tell(new Uint8Array(bytes.slice(at, at + size)));
        at += size;
      }
    };
    const client = (bytes: number[]) => inPieces(bytes, (piece) => protocol.sent(piece));
    const server = (bytes: number[]) => inPieces(bytes, (piece) => protocol.received(piece));
    client([0, 0, 0, 12, 0, 3, 0, 0, 1, 2, 3, 0]);
    assert.deepEqual([protocol.isServersTurn, protocol.isLoggedIn], [true, false]);
    server(greeting);
    assert.deepEqual([protocol.isServersTurn, protocol.isLoggedIn, protocol.pid], [false, true, 258]);
    client(message("Q", [65, 0]));
    server(answer);
    assert.equal(protocol.isServersTurn, true, "the response has not ended yet");
    server(message("Z", [84]));
    assert.equal(protocol.isServersTurn, false);
    client([...message("E", [0]), ...message("H", [])]);
    assert.equal(protocol.isServersTurn, true, "rows of a cursor are expected");
    server([...message("D", [1]), ...message("s", [])]);
    assert.equal(protocol.isServersTurn, false, "the consumer may be slow");
    client(message("Q", [65, 0]));
    server(message("G", [0]));
    assert.equal(protocol.isServersTurn, false, "the server accepts rows");
    client([...message("d", Array(100).fill(1)), ...message("c", [])]);
    assert.equal(protocol.isServersTurn, true, "all rows are sent");
    server(refusal);
    server(message("Z", [69]));
    assert.deepEqual([protocol.isServersTurn, codes], [false, ["53100"]]);
  }));
});
