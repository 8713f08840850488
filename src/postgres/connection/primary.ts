/** Finds out which of several servers accepts writes (docs/operations.md#failover). */
import { codeOf, errorWithCode } from "../../runtime/errors.ts";

export interface HostAddress {
  /** A host that begins with a slash is the folder of a Unix socket. */
  host: string;
  port: number;
}

/** The host that connections use. */
export interface FoundHost extends HostAddress {
  /** The timeline of the server when it was found; 0 if it was not asked. */
  timeline: number;
}

export interface HostState {
  acceptsWrites: boolean;
  /** The timeline of the server, which increases with each promotion; 0 for a server that does not accept writes. */
  timeline: number;
}

export const HOST_STATE = `
  select not (pg_is_in_recovery() or current_setting('transaction_read_only')::boolean) as "acceptsWrites",
    case when pg_is_in_recovery() then 0
      else ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int end as timeline`;

/**
 * How long to wait for the other hosts once one host accepts writes. That host may be an old primary that has come back
 * after another server was promoted.
 */
const OTHERS_WAIT_MS = 1_000;

type Answer = HostState & { address: HostAddress };

export class PrimaryFinder {
  #newestTimeline = 0;
  #finding: Promise<FoundHost> | null = null;

  constructor(
    private readonly hosts: readonly HostAddress[],
    private readonly ask: (host: HostAddress) => Promise<HostState>,
  ) {}

  /** Returns a single host without checking it. Throws the error of the last host, `NO_PRIMARY` or `OLD_PRIMARY`. */
  find(): Promise<FoundHost> {
    if (this.hosts.length === 1) return Promise.resolve({ ...this.hosts[0], timeline: 0 });
    return this.#finding ??= this.#choose().finally(() => this.#finding = null);
  }

  async #choose(): Promise<FoundHost> {
    const { answers, errors } = await this.#askAll();
    const [newest] = answers.filter(({ acceptsWrites }) => acceptsWrites).sort((a, b) => b.timeline - a.timeline);
    if (newest === undefined) throw answers.length > 0 ? noPrimary() : errors.at(-1);
    if (newest.timeline < this.#newestTimeline) throw oldPrimary();
    this.#newestTimeline = newest.timeline;
    return { ...newest.address, timeline: newest.timeline };
  }

  async #askAll(): Promise<{ answers: Answer[]; errors: unknown[] }> {
    const answers: Answer[] = [], errors: unknown[] = [], found = Promise.withResolvers<void>();
    const asked = this.hosts.map(async (address) => {
      try {
        const state = await this.ask(address);
        answers.push({ ...state, address });
        if (state.acceptsWrites) found.resolve();
      } catch (error) {
        if (codeOf(error) === "") throw error;
        errors.push(error);
      }
    });
    const all = Promise.all(asked);
    let timer: ReturnType<typeof setTimeout> | undefined;
    const soon = found.promise.then(() => new Promise<void>((resolve) => timer = setTimeout(resolve, OTHERS_WAIT_MS)));
    try {
      await Promise.race([all, soon]);
    } finally {
      clearTimeout(timer);
      all.catch(() => {});
    }
    return { answers: [...answers], errors: [...errors] };
  }
}

function noPrimary(): Error {
  return errorWithCode("NO_PRIMARY", "no server in DATABASE_URL accepts writes");
}

function oldPrimary(): Error {
  return errorWithCode(
    "OLD_PRIMARY",
    "the server that accepts writes is on an older timeline than the previous primary",
  );
}
