/**
 * Loses the primary at random moments of an import and promotes its standby. Checks from outside that every file is
 * either applied exactly once or reported as one to be replayed (docs/reliability.md#failover).
 */
import assert from "node:assert/strict";
import type { Replayed } from "../../../src/domain/missing_roster.ts";
import { COMMIT, type Direction, type Rule } from "../../support/proxy.ts";
import { TestService } from "../../support/service.ts";
import { until } from "../../support/until.ts";
import { numbers } from "../processes/kills.ts";
import { survived } from "../verdict.ts";
import { ExpectedFile, rosterOf } from "./expected_file.ts";
import { type Loss, Pair } from "./pair.ts";

/** The text that the client sends at this moment. The link or the replication stops at this point. */
type Moment = Omit<Rule, "act"> & { stops: Direction | "replication" };

const MOMENTS: Readonly<Record<string, Moment | null>> = {
  "during COPY": { says: "Main Street", stops: "to_server" },
  "during the merge": { says: "insert into rosterd.users", stops: "to_client" },
  "during COMMIT": { says: COMMIT, ahead: true, stops: "to_client" },
  "after COMMIT, before the move": { says: "from rosterd.import_failures as f", ahead: true, stops: "to_server" },
  "after the move, before its record": { says: "set bak_file =", ahead: true, stops: "to_server" },
  "after the move, unknown to the standby": { says: "set bak_file =", ahead: true, stops: "replication" },
  "after the move, before the mail": { says: "from rosterd.outbox where sent_at is null", stops: "to_server" },
  "at a random moment": null,
};

const MAX_TAKEOVER_MS = 60_000;
/** The interval between checks, each of which opens a new connection. */
const LOOK_EVERY_MS = 200;
/** How long to wait for a moment that may never come, for example because a COMMIT waits for its standby. */
const MOMENT_MS = 4_000;

interface Fault {
  moment: string;
  /** Whether a COMMIT waits for the standby. */
  synchronous: boolean;
  /** Whether the standby lacks the last commits. */
  lags: boolean;
  loss: Loss;
  /** Whether the old primary comes back as a primary. */
  returns: boolean;
  /** Whether a new file is imported before the missing ones are replayed. */
  newFirst: boolean;
}

export interface Failovers {
  failovers: number;
  /** The seed for the random faults. */
  seed: number;
}

export async function surviveFailovers({ failovers, seed }: Failovers): Promise<void> {
  await using pair = await Pair.start();
  await using service = await TestService.start({ databaseUrl: pair.databaseUrl });
  const world = new World(pair, service), random = numbers(seed);
  for (let at = 0; at < failovers; at++) await world.failOver(at, faultOf(at, random), random);
  await world.inTheEnd();
  world.report();
}

function faultOf(at: number, random: () => number): Fault {
  const chance = (share: number) => random() < share, moments = Object.keys(MOMENTS);
  const moment = moments[at % moments.length];
  // A synchronous COMMIT would wait forever for a standby that receives nothing.
  const endsReplication = MOMENTS[moment]?.stops === "replication";
  const synchronous = !endsReplication && chance(0.4);
  const lags = !endsReplication && (synchronous ? moment === "during COMMIT" && chance(0.3) : chance(0.5));
  const loss = chance(0.75) ? "killed" : chance(0.7) ? "refused" : "silent";
  return { moment, synchronous, lags, loss, returns: chance(0.5), newFirst: chance(0.2) };
}

class World {
  readonly #files: ExpectedFile[] = [];
  readonly #tookMs: number[] = [];
  readonly #faults = new Map<string, number>();
  #kills = 0;
  #missing = 0;
  #leftOut = 0;

  constructor(private readonly pair: Pair, private readonly service: TestService) {}

  async failOver(at: number, fault: Fault, random: () => number): Promise<void> {
    const { pair } = this;
    await pair.synchronize(fault.synchronous);
    if (fault.lags) pair.stopReplication();
    const first = fault.synchronous ? [] : [rosterOf(`n${at}a`)];
    for (const file of first) {
      await this.#drop(file);
      await until(
        `${file.name} was imported`,
        () => file.isFiled(this.service, pair.primary.cluster),
        MAX_TAKEOVER_MS,
        LOOK_EVERY_MS,
      );
    }
    const last = rosterOf(`n${at}b`);
    const reached = this.#caught(fault.moment, random);
    await this.#drop(last);
    const isReached = await reached;
    if (MOMENTS[fault.moment]?.stops === "replication") {
      await until(
        `${last.name} was imported`,
        () => last.isFiled(this.service, pair.primary.cluster),
        MAX_TAKEOVER_MS,
        LOOK_EVERY_MS,
      );
    }
    const lost = performance.now();
    await pair.lose(fault.loss);
    await pair.promote();
    await this.#takesOver([...first, last]);
    this.#tookMs.push(performance.now() - lost);
    this.#count(fault, isReached);
    if (fault.returns) await this.#oldPrimaryReturns(at);
    if (fault.newFirst) await this.#importsInto(rosterOf(`n${at}c`));
    await this.#replay();
    await pair.rebuild();
    if (at % 20 === 19) await this.inTheEnd();
  }

  /** Resolves to true when the client reaches the moment, or to false if it does not. */
  async #caught(moment: string, random: () => number): Promise<boolean> {
    const rule = MOMENTS[moment], { link } = this.pair.primary;
    if (rule === null) {
      await new Promise((resolve) => setTimeout(resolve, random() * 1_000));
      return true;
    }
    const said = Promise.withResolvers<boolean>(), late = setTimeout(() => said.resolve(false), MOMENT_MS);
    link.when({
      ...rule,
      act: (connection) => {
        // An import's own connection has sent its records before COMMIT.
        if (rule.says === COMMIT && connection.fromClient < 4_000) return;
        if (rule.stops === "replication") this.pair.stopReplication();
        else connection.freeze([rule.stops]);
        said.resolve(true);
      },
    });
    const isReached = await said.promise;
    clearTimeout(late);
    // The server continues working while the client waits.
    await new Promise((resolve) => setTimeout(resolve, random() * 20));
    return isReached;
  }

  async #drop(file: ExpectedFile): Promise<void> {
    this.#files.push(file);
    await this.service.drop(file.name, file.content);
    await this.#trigger();
  }

  async #trigger(): Promise<void> {
    await (await this.service.fetch("/imports", { method: "POST" })).body?.cancel();
  }

  /** Waits until the service is ready, and each file is either applied on the new primary or reported as missing. */
  async #takesOver(files: readonly ExpectedFile[]): Promise<void> {
    const { service, pair: { primary: { cluster } } } = this;
    let fates: unknown, named: Set<string> | null = null;
    await until(
      "the service has taken over",
      async () => {
        await this.#trigger();
        const ready = await service.fetch("/readyz");
        await ready.body?.cancel();
        const found = named = await this.#named();
        if (ready.status !== 200 || found === null) return false;
        fates = [found, await Promise.all(files.map((file) => file.isFiled(service, cluster)))];
        for (const file of files) if (!found.has(file.name) && !await file.isFiled(service, cluster)) return false;
        return true;
      },
      MAX_TAKEOVER_MS,
      50,
    ).catch((error) => {
      throw new Error(`${error.message}: ${JSON.stringify(fates)}\n${service.lines.slice(-40).join("")}`);
    });
    for (const file of files) if (named!.has(file.name)) await file.assertUnknown(cluster);
    this.#missing += named!.size;
  }

  /** Returns the uploads that the service reports as missing from the database, or null while it does not know. */
  async #named(): Promise<Set<string> | null> {
    const answer = await this.service.fetch("/imports/replay?dry_run=true", { method: "POST" });
    if (answer.status !== 200) return await answer.body?.cancel(), null;
    const { rosters, left_out }: Replayed = await answer.json();
    return new Set([...rosters, ...left_out].map(({ file }) => file.replace(/\.\d{8}T\d{6}Z/, "")));
  }

  /** Brings the old primary back. Nothing may be written to it. */
  async #oldPrimaryReturns(at: number): Promise<void> {
    const { pair } = this, file = rosterOf(`n${at}d`);
    const before = await stateOf(pair.standby.cluster).catch(() => null);
    await pair.oldPrimaryReturns();
    const first = before ?? await stateOf(pair.standby.cluster);
    await this.#replay();
    await this.#importsInto(file);
    assert.equal(await stateOf(pair.standby.cluster), first, "the old primary was written to");
  }

  async #importsInto(file: ExpectedFile): Promise<void> {
    await this.#drop(file);
    const { service, pair: { primary: { cluster } } } = this;
    await until(`${file.name} was imported`, () => file.isFiled(service, cluster), MAX_TAKEOVER_MS, LOOK_EVERY_MS);
  }

  /** Asks again while the database counts as unreachable, because another frozen link has just been closed. */
  #askReplay(): Promise<Replayed> {
    return until("the service replays", async () => {
      const answer = await this.service.fetch("/imports/replay", { method: "POST" });
      if (answer.status === 200) return await answer.json() as Replayed;
      return await answer.body?.cancel(), null;
    }, MAX_TAKEOVER_MS);
  }

  /** Replays the missing files. A file that has become too old is reported and is dropped again as a new file. */
  async #replay(): Promise<void> {
    const { service, pair: { primary: { cluster } } } = this;
    const { rosters, left_out } = await this.#askReplay();
    const named = (list: readonly { file: string }[]) =>
      this.#files.filter(({ name }) => list.some(({ file }) => file.startsWith(name.replace(".csv", "."))));
    for (const file of named(rosters)) {
      await until(
        `${file.name} was replayed`,
        async () => {
          await this.#trigger();
          return await file.isFiled(service, cluster);
        },
        MAX_TAKEOVER_MS,
        LOOK_EVERY_MS,
      );
    }
    if (left_out.length === 0) return;
    this.#leftOut += left_out.length;
    const dismissed = await service.fetch("/imports/replay?dismiss=true", { method: "POST" });
    assert.equal((await dismissed.json()).rosters.length, left_out.length);
    for (const file of named(left_out)) {
      await service.drop(file.name, file.content);
      await this.#trigger();
      await until(`${file.name} was imported`, () => file.isFiled(service, cluster), MAX_TAKEOVER_MS, LOOK_EVERY_MS);
    }
  }

  /** Asserts that every file so far was applied exactly once, and that no two files share an import id. */
  async inTheEnd(): Promise<void> {
    const { service, pair: { primary: { cluster } } } = this;
    for (const file of this.#files) await file.assertAppliedOnce(service, cluster);
    const names = new Map<number, string>();
    for (const line of service.lines) {
      const { event, import: id, file } = JSON.parse(line);
      if (event !== "imported") continue;
      assert.equal(names.get(id) ?? file, file, `import ${id} names two files`);
      names.set(id, file);
    }
  }

  #count({ moment, synchronous, lags, loss, returns }: Fault, isReached: boolean): void {
    this.#kills += loss === "killed" ? 1 : 0;
    const kinds = [
      `primary lost ${isReached ? moment : `before the moment "${moment}" came`}`,
      `${synchronous ? "synchronous" : "asynchronous"} standby${lags ? " without the last commits" : ""}`,
      loss === "killed" ? "primary killed" : `link to the primary ${loss}`,
      ...(returns ? ["old primary came back"] : []),
    ];
    for (const kind of kinds) this.#faults.set(kind, (this.#faults.get(kind) ?? 0) + 1);
    console.log(`${this.#tookMs.length}: ${kinds.join(", ")}: ${Math.round(this.#tookMs.at(-1)!)} ms`);
  }

  report(): void {
    const sorted = this.#tookMs.toSorted((a, b) => a - b),
      ms = (share: number) => Math.round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]);
    for (const [kind, count] of [...this.#faults].sort()) console.log(`${String(count).padStart(5)}  ${kind}`);
    console.log(`takeover: median ${ms(0.5)} ms, 95% ${ms(0.95)} ms, maximum ${ms(1)} ms`);
    console.log(`${this.#files.length} files; ${this.#missing} missing and named, ${this.#leftOut} of them too old`);
    survived({
      fault: `failovers at random moments (takeover: median ${ms(0.5)} ms, maximum ${ms(1)} ms)`,
      injected: sorted.length,
      kills: this.#kills,
      checks: this.#files.length * 4,
    });
  }
}

/** Figures that change whenever rosterd writes to the database. */
async function stateOf(cluster: Pair["primary"]["cluster"]): Promise<string> {
  const [{ state }] = await cluster.sql<{ state: string }[]>(`
    select concat_ws(' ', (select count(*) from rosterd.users), (select count(*) from rosterd.imports),
      (select max(id) from rosterd.imports), (select count(*) from rosterd.outbox)) as state`);
  return state;
}
