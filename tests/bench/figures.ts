/** Measurements of rosterd alone. */
import { testDatabase } from "../support/postgres.ts";
import { emptyRoster, rosterFile } from "./files.ts";
import { inFolder } from "./folder.ts";
import { measure, type Program } from "./program.ts";
import { startService } from "./service.ts";
import { differentUsers, sameUsers, turnOnce } from "./turn_case.ts";

/** One measurement. */
export interface Figure {
  value: number;
  peakMiB: number | null;
}

export interface FigureCase {
  name: string;
  title: string;
  unit: string;
  goal: string;
  isMet(value: number): boolean;
  /**
   * Whether the process's memory counts. The process includes the embedded PostgreSQL, whose memory has no limit.
   */
  hasMemoryGoal: boolean;
  once(program: Program): Promise<Figure>;
}

const MANY_FILES = 1_000;
const EMBEDDED_RECORDS = 100_000;

export const FIGURES: readonly FigureCase[] = [
  {
    name: "small",
    title: "1,000 records, folder to bak",
    unit: "ms",
    goal: "< 150",
    isMet: (ms) => ms < 150,
    hasMemoryGoal: true,
    async once(program) {
      const { seconds, peakMiB } = await turnOnce(program, await differentUsers(1, 1_000));
      return { value: 1_000 * seconds, peakMiB };
    },
  },
  {
    name: "many",
    title: "1,000 files of 100 records",
    unit: "files/s",
    goal: ">= 48",
    isMet: (pace) => pace >= 48,
    hasMemoryGoal: true,
    async once(program) {
      const { seconds, peakMiB } = await turnOnce(program, await differentUsers(MANY_FILES, 100));
      return { value: MANY_FILES / seconds, peakMiB };
    },
  },
  {
    name: "growth",
    title: "1,000 imports of 2,000 users: growth of the database",
    unit: "MB",
    goal: "< 30",
    isMet: (megabytes) => megabytes < 30,
    hasMemoryGoal: true,
    async once(program) {
      const { grownMB, peakMiB } = await turnOnce(program, await sameUsers(MANY_FILES, 2_000));
      return { value: grownMB, peakMiB };
    },
  },
  {
    name: "start",
    title: "start of the service to ready",
    unit: "s",
    goal: "< 0.5",
    isMet: (seconds) => seconds < 0.5,
    hasMemoryGoal: true,
    once: startOnce,
  },
  {
    name: "embedded",
    title: "embedded Postgres, 100,000 records",
    unit: "s",
    goal: "< 10",
    isMet: (seconds) => seconds < 10,
    hasMemoryGoal: false,
    once: embeddedOnce,
  },
];

/** The schema already exists, as at every start except the first. */
async function startOnce(program: Program): Promise<Figure> {
  await using database = (await testDatabase())!;
  await (await startService(program, database.url))[Symbol.asyncDispose]();
  await using service = await startService(program, database.url);
  return { value: service.readySeconds, peakMiB: service.peakMiB() };
}

/** A whole run of `rosterd import`, with an existing, empty embedded database. */
async function embeddedOnce(program: Program): Promise<Figure> {
  return await inFolder(async (folder) => {
    const load = async (file: string) => {
      const result = await measure([...program.command, "import", file, "--embedded", "--json"], folder, {});
      if (result.code !== 0) throw new Error(`rosterd ended with ${result.code}: ${result.err}`);
      return result;
    };
    await load(await emptyRoster());
    const { seconds, peakMiB, out } = await load(await rosterFile({ records: EMBEDDED_RECORDS }));
    const { imports: [{ created }] } = JSON.parse(out);
    if (created !== EMBEDDED_RECORDS) throw new Error(`rosterd created ${created} users`);
    return { value: seconds, peakMiB };
  });
}
