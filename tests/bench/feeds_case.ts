/** Measures repeated imports of two feeds that share some of their people and compares them with psql. */
import { loadByHand, makeTable } from "./by_hand.ts";
import { rosterFile } from "./files.ts";
import { onFreshDatabase } from "./import_case.ts";
import type { Measured, Program } from "./program.ts";

export const FEEDS = { name: "feeds", title: "two feeds that share people, again", most: 0.3 };

const SETTINGS = { missing_users: "archive", archive_guard: { max_percent: 100 }, feeds: { students: {}, staff: {} } };

/** Each file has half of the records. The second file begins with the people at the end of the first. */
async function filesOf(records: number): Promise<[students: string, staff: string]> {
  const each = Math.floor(records / 2), shared = Math.floor(records / 10);
  return [await rosterFile({ records: each }), await rosterFile({ records: each, from: 1 + each - shared })];
}

export async function feedsOnce(program: Program, records: number): Promise<Measured> {
  const [students, staff] = await filesOf(records);
  return await onFreshDatabase(program, { settings: SETTINGS }, async ({ load, settle }) => {
    const night = async () => [await load(students, false, "students"), await load(staff, false, "staff")];
    // After the first night, the first feed reads the records of people whom the second feed has named.
    await night();
    await night();
    await settle("rosterd.users");
    return inAll(await night());
  });
}

export async function feedsByHandOnce(program: Program, records: number): Promise<Measured> {
  const files = await filesOf(records);
  return await onFreshDatabase(program, {}, async ({ url, sql, settle }) => {
    await makeTable(sql);
    const night = async () => {
      const done: Measured[] = [];
      for (const file of files) done.push(await loadByHand(file, { url, sql }, "upsert"));
      return done;
    };
    await night();
    await settle("by_hand.users");
    return inAll(await night());
  });
}

function inAll([one, other]: Measured[]): Measured {
  const peakMiB = one.peakMiB === null ? null : Math.max(one.peakMiB, other.peakMiB!);
  const sum = (a: number | null, b: number | null) => a === null || b === null ? null : a + b;
  const cpu = { program: sum(one.cpu.program, other.cpu.program), server: sum(one.cpu.server, other.cpu.server) };
  return { ...other, seconds: one.seconds + other.seconds, peakMiB, cpu };
}
