/**
 * A PostgreSQL primary and its standby. rosterd reaches each through a proxy, and the standby reaches its primary
 * through another, so that a test can cut each link separately.
 */
import { Cluster } from "../../support/cluster.ts";
import { Proxy } from "../../support/proxy.ts";
import { until } from "../../support/until.ts";

export interface Server {
  readonly cluster: Cluster;
  /** The proxy between rosterd and this server. */
  readonly link: Proxy;
  /** The proxy between this server and its standby. */
  readonly replication: Proxy;
}

/** The server is killed, or it is alive but rosterd's packets to it are refused or lost. */
export type Loss = "killed" | "refused" | "silent";

/** Allows a standby to be created within seconds. */
const SMALL_WAL = ["--wal-segsize=1"];
const SETTINGS = ["wal_level = replica", "max_wal_senders = 5", "fsync = off", "full_page_writes = off"];

export class Pair implements AsyncDisposable {
  #loss: Loss | null = null;

  private constructor(
    private readonly resources: AsyncDisposableStack,
    public primary: Server,
    public standby: Server,
  ) {}

  static async start(): Promise<Pair> {
    await using resources = new AsyncDisposableStack();
    const served = (cluster: Cluster): Server => ({
      cluster: resources.use(cluster),
      link: resources.use(Proxy.start(cluster.url)),
      replication: resources.use(Proxy.start(cluster.url)),
    });
    const primary = served(await Cluster.start({ settings: SETTINGS, initdb: SMALL_WAL }));
    const standby = served(await primary.cluster.standby(portOf(primary.replication)));
    return new Pair(resources.move(), primary, standby);
  }

  /** A `DATABASE_URL` that names both servers, with the standby first or last. */
  get databaseUrl(): string {
    const hosts = [this.standby, this.primary].map(({ link }) => `127.0.0.1:${portOf(link)}`);
    return `postgres://postgres@${hosts.join(",")}/postgres?target_session_attrs=read-write`;
  }

  /**
   * Whether a COMMIT waits for the standby. Resolves when the setting is in effect and the standby has received all
   * data so far.
   */
  async synchronize(synchronous: boolean): Promise<void> {
    const { cluster } = this.primary;
    await cluster.sql(`alter system set synchronous_standby_names = '${synchronous ? "standby" : ""}'`);
    await cluster.sql("select pg_reload_conf()");
    await until(
      "the standby streams",
      async () => {
        const [row] = await cluster.sql<{ there: boolean }[]>(`
        select exists (
          select from pg_stat_replication where state = 'streaming' and replay_lsn = pg_current_wal_lsn()
            and sync_state = '${synchronous ? "sync" : "async"}'
        ) as there`);
        return row.there;
      },
      60_000,
      200,
    );
  }

  /** From now on, the standby receives nothing. */
  stopReplication(): void {
    this.primary.replication.freezesNew = true;
    this.primary.replication.freezeAll();
  }

  /** rosterd loses the primary. */
  async lose(loss: Loss): Promise<void> {
    const { cluster, link } = this.primary;
    this.#loss = loss;
    link.forget();
    if (loss === "killed") await cluster.kill();
    link.freezesNew = loss === "silent";
    link.refusesNew = loss === "refused";
    if (loss === "silent") link.freezeAll();
    else link.cutAll();
  }

  /** The standby becomes the primary, whatever the old one does. */
  async promote(): Promise<void> {
    this.primary.replication.cutAll();
    await this.standby.cluster.promote();
    [this.primary, this.standby] = [this.standby, this.primary];
  }

  /** The old primary comes back as a primary alongside the new one. */
  async oldPrimaryReturns(): Promise<void> {
    const { cluster, link } = this.standby;
    if (this.#loss === "killed") await cluster.start();
    link.freezesNew = link.refusesNew = false;
    link.thawAll();
    this.#loss = null;
  }

  /** Makes the old primary a standby of the new one. */
  async rebuild(): Promise<void> {
    const { cluster, link, replication } = this.standby;
    if (this.#loss !== "killed") await cluster.kill();
    this.#loss = null;
    for (const proxy of [link, replication]) {
      proxy.freezesNew = proxy.refusesNew = false;
      proxy.cutAll();
    }
    await cluster.follow(this.primary.cluster, portOf(this.primary.replication));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.resources.disposeAsync();
  }
}

function portOf(proxy: Proxy): number {
  return Number(new URL(proxy.url).port);
}
