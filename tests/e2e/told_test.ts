/**
 * Every persistent fault is reported within two turns, by readyz or in the waiting file's entry in the status. Once the
 * fault is gone, the file is imported. `tests/faults/database` and `ready_test.ts` test faults in the server, its links
 * and its rights.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { StatusDocument } from "../../src/http/service.ts";
import { serverUnavailable, testDatabase } from "../support/postgres.ts";
import { TestService } from "../support/service.ts";
import { until } from "../support/until.ts";

const unavailable = await serverUnavailable();
if (unavailable !== null) console.error(`LEFT OUT: the tests of ${import.meta.url}: ${unavailable}`);

type Sql = NonNullable<Awaited<ReturnType<typeof testDatabase>>>["sql"];
type Where = { service: TestService; sql: Sql; file: string };

interface Fault {
  what: string;
  /** The code in readyz, or the file's code in the status. */
  told: string;
  make(where: Where): Promise<unknown>;
  end(where: Where): Promise<unknown>;
}

const upload = ({ service }: Where, ...names: string[]) => join(service.config.upload, ...names);

const FAULTS: readonly Fault[] = [
  {
    what: "the upload folder is moved away",
    told: "upload_missing",
    make: (where) => Deno.rename(upload(where), `${upload(where)}.away`),
    end: (where) => Deno.rename(`${upload(where)}.away`, upload(where)),
  },
  {
    what: "a file stands in the place of bak",
    told: "bak_not_a_folder",
    make: async (where) => {
      await Deno.rename(upload(where, "bak"), upload(where, "..", "bak.away"));
      await Deno.writeTextFile(upload(where, "bak"), "");
    },
    end: async (where) => {
      await Deno.remove(upload(where, "bak"));
      await Deno.rename(upload(where, "..", "bak.away"), upload(where, "bak"));
    },
  },
  {
    what: "the settings file is not JSON",
    told: "settings",
    make: ({ service }) =>
      Deno.rename(service.config.settings, `${service.config.settings}.away`)
        .then(() => Deno.writeTextFile(service.config.settings, "{")),
    end: ({ service }) => Deno.rename(`${service.config.settings}.away`, service.config.settings),
  },
  {
    what: "the history's table is gone",
    told: "turn_failed",
    make: ({ sql }) => sql`alter table rosterd.imports rename to away`,
    end: ({ sql }) => sql`alter table rosterd.away rename to imports`,
  },
  {
    what: "a column of the users is gone",
    told: "42703",
    make: ({ sql }) => sql`alter table rosterd.users rename email to away`,
    end: ({ sql }) => sql`alter table rosterd.users rename away to email`,
  },
  {
    what: "a customer's trigger refuses each user",
    told: "P0001",
    make: ({ sql }) =>
      sql.unsafe(
        `create function rosterd.refuse() returns trigger language plpgsql as 'begin raise exception ''no''; end';
        create trigger refuse before insert on rosterd.users for each row execute function rosterd.refuse()`,
      ),
    end: ({ sql }) => sql.unsafe("drop function rosterd.refuse cascade"),
  },
  {
    what: "a folder stands in the place of the file",
    told: "not_a_plain_file",
    make: async (where) => {
      await Deno.rename(upload(where, where.file), upload(where, "..", where.file));
      await Deno.mkdir(upload(where, where.file));
    },
    end: async (where) => {
      await Deno.remove(upload(where, where.file));
      await Deno.rename(upload(where, "..", where.file), upload(where, where.file));
    },
  },
];

const ROSTER = (name: string) => `unique_id,login_source,email\n${name},ldap,${name}@example.edu\n`;

/** The codes in readyz, and the file's codes in the status. */
async function codesFor({ service, file }: Where): Promise<string[]> {
  const { problems } = await (await service.fetch("/readyz")).json() as { problems: { code: string }[] };
  const { waiting } = await service.get<StatusDocument>("/status");
  return [...problems, ...waiting.filter(({ name }) => name === file)].map(({ code }) => code);
}

async function turn({ service }: Where): Promise<void> {
  await (await service.fetch("/imports?wait=true", { method: "POST" })).body?.cancel();
}

Deno.test({
  name: "each persistent fault is reported within two turns, and the file is imported after the fault is fixed",
  ignore: unavailable !== null,
  async fn(t) {
    await using test = (await testDatabase())!;
    await using service = await TestService.start({ databaseUrl: test.url });
    await service.import("first.csv", ROSTER("first"));
    for (const [number, { what, told, make, end }] of FAULTS.entries()) {
      await t.step(what, async () => {
        const where: Where = { service, sql: test.sql, file: `roster${number}.csv` };
        await service.drop(where.file, ROSTER(`U${number}`));
        await make(where);
        try {
          await turn(where);
          await turn(where);
          const codes = await codesFor(where);
          assert.ok(codes.includes(told), `${told} is reported, not ${codes}`);
        } finally {
          await end(where);
        }
        await until("the file is imported", async () => {
          await turn(where);
          return (await test.sql`select from rosterd.users where unique_id = ${`U${number}`}`).length === 1;
        });
        await until("it is ready again", async () => (await codesFor(where)).length === 0);
      });
    }
  },
});
