/**
 * Kills the service at random moments while files of every kind arrive, and then checks from outside that no file was
 * lost or imported twice (I1 to I6).
 */
import assert from "node:assert/strict";
import { testDatabase } from "../../support/postgres.ts";
import { FROM_SOURCE, Workplace } from "../../support/rosterd.ts";
import { startSmtpServer } from "../../support/smtp_server.ts";
import { until } from "../../support/until.ts";
import { Outside } from "../invariants.ts";
import { KINDS, prepareFor, rosterOf, settingsFor } from "../rosters.ts";
import { survived } from "../verdict.ts";

export interface Kills {
  kills: number;
  /** The seed for the random moments. */
  seed: number;
  /** The files are dropped into these feeds and the upload folder itself in turn. */
  feeds?: readonly string[];
  /** The program to kill; by default, rosterd run from source. */
  program?: readonly string[];
}

/** Every n-th file is large enough for a kill to happen during its import. */
const LARGE_EVERY = 5;
const LARGE = 20_000;
const LONGEST_LIFE_MS = 1_500;

export async function surviveKills({ kills, seed, feeds = [], program = FROM_SOURCE }: Kills): Promise<void> {
  await using database = (await testDatabase())!;
  await using smtp = await startSmtpServer({ security: "none" });
  await using here = await Workplace.make({ DATABASE_URL: database.url, ROSTERD_LISTEN: "127.0.0.1:0" }, program);
  await here.write(
    "settings.json",
    JSON.stringify({ ...settingsFor(smtp.port), feeds: Object.fromEntries(feeds.map((feed) => [feed, {}])) }),
  );
  await here.write("empty.csv", "unique_id,login_source\n");
  assert.equal((await here.run("import", "empty.csv")).code, 0);
  const folders = ["", ...feeds];
  for (const feed of folders) await Deno.mkdir(here.path(`upload/${feed}`), { recursive: true });
  const outside = new Outside({ upload: here.path("upload"), feeds, sql: database.sql, mails: () => smtp.mails });

  const random = numbers(seed);
  for (let kill = 0; kill < kills; kill++) {
    const feed = folders[kill % folders.length], folder = `upload/${feed}`;
    const file = { ...rosterOf(KINDS[kill % KINDS.length], kill, kill % LARGE_EVERY === 0 ? LARGE : 1), feed };
    await prepareFor(file, database.sql);
    outside.expect(file);
    await here.write(`${folder}/.${kill}.part`, file.content);
    await Deno.rename(here.path(`${folder}/.${kill}.part`), here.path(`${folder}/${file.name}`));
    const service = here.spawn("serve");
    // A random moment between the start of the process and the end of the import.
    await new Promise((resolve) => setTimeout(resolve, random() * LONGEST_LIFE_MS));
    service.kill("SIGKILL");
    await service.output();
    // All files are read only after some of the kills, because reading them takes longer each time.
    if (kill < 20 || kill % 50 === 0) await outside.atAnyInstant();
  }
  await finish(here, feeds, database.sql);
  await outside.inTheEnd();
  await assertNoSession(database.sql);
  survived({
    fault: `killed at a random moment${feeds.length > 0 ? `, ${folders.length} feeds` : ""}`,
    injected: kills,
    kills,
    checks: outside.checks + 1,
  });
}

type Sql = NonNullable<Awaited<ReturnType<typeof testDatabase>>>["sql"];

async function finish(here: Workplace, feeds: readonly string[], sql: Sql): Promise<void> {
  const service = here.spawn("serve");
  try {
    await until("all is in bak and nothing is left in the work folder", async () => {
      const left = ["", ...feeds].flatMap((feed) => [`upload/${feed}`, `upload/${feed}/.rosterd`])
        .flatMap((folder) => namesIn(here.path(folder)));
      const [{ open }] =
        await sql`select count(*)::int as open from rosterd.imports where status in ('running', 'error')`;
      return left.length === 2 + 3 * feeds.length && open === 0;
    }, 300_000);
  } finally {
    service.kill("SIGTERM");
    await service.output();
  }
}

/** If every service was killed early, the work folder might not exist. */
function namesIn(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)].map(({ name }) => name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

async function assertNoSession(sql: Sql): Promise<void> {
  await until("no session is left", async () => {
    const [{ sessions }] = await sql`
      select count(*)::int as sessions from pg_stat_activity
      where application_name = 'rosterd' and datname = current_database()`;
    return sessions === 0;
  });
}

/** Generates seeded random numbers from 0 to 1 (mulberry32). */
export function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
