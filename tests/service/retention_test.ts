/** Retention removes exactly the data that the documentation says it does. */
import assert from "node:assert/strict";
import { DEFAULT_SETTINGS } from "../../src/domain/settings.ts";
import { BakFolder } from "../../src/inbox/bak/bak_folder.ts";
import { systemClock } from "../../src/runtime/clock.ts";
import { type LogFields, silentLog } from "../../src/runtime/log.ts";
import { clearExpired } from "../../src/service/retention.ts";
import { onServer } from "../postgres/roster_database.ts";

onServer(
  "sent and abandoned mails are deleted after the retention period, and waiting or newer mails are kept",
  async (db) => {
    const folder = await Deno.makeTempDir({ prefix: "rosterd-test-" });
    try {
      await db.sql`
      insert into rosterd.outbox (kind, message_id, created_at, sent_at, gave_up_at) values
        ('alert', 'sent', now() - interval '9 days', now() - interval '8 days', null),
        ('alert', 'gave up', now() - interval '9 days', null, now() - interval '8 days'),
        ('alert', 'sent yesterday', now() - interval '9 days', now() - interval '1 day', null),
        ('alert', 'waiting', now() - interval '9 days', null, null)`;
      const options = {
        ...{ database: db.database, bakOf: () => new BakFolder(folder), clock: systemClock, log: silentLog },
        signal: new AbortController().signal,
      };
      const kept = async () =>
        (await db.sql`select message_id from rosterd.outbox order by id`).map((row) => row.message_id);

      await clearExpired(options, { ...DEFAULT_SETTINGS, bak_retention_days: 0 });
      assert.equal((await kept()).length, 4);
      await clearExpired(options, { ...DEFAULT_SETTINGS, bak_retention_days: 7 });
      assert.deepEqual(await kept(), ["sent yesterday", "waiting"]);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);

onServer(
  "users archived for longer than purge_archived_after_days are erased, and the log says how many",
  async (db) => {
    await db.addUsers({ unique_id: "long", state: "archived" }, { unique_id: "active" });
    await db.sql`
    insert into rosterd.users (unique_id, login_source, active, archived_at)
    values ('lately', 'ldap', false, now() - interval '6 days')`;
    const logged: [string, LogFields | undefined][] = [];
    const log = { ...silentLog, info: (event: string, fields?: LogFields) => void logged.push([event, fields]) };
    const options = {
      ...{ database: db.database, bakOf: () => new BakFolder("none"), clock: systemClock, log },
      signal: new AbortController().signal,
    };
    await clearExpired(options, DEFAULT_SETTINGS);
    assert.equal(Object.keys(await db.users()).length, 3);
    await clearExpired(options, { ...DEFAULT_SETTINGS, purge_archived_after_days: 7 });
    assert.deepEqual(Object.keys(await db.users()), ["active", "lately"]);
    assert.deepEqual(logged, [["users_purged", { users: 1 }]]);
  },
);
