/**
 * Two PostgreSQL servers under Patroni with etcd, for one test. Requires root, so that PostgreSQL can run as the user
 * `postgres`.
 */
import { join } from "node:path";
import { Cluster, runPlain, serverBinaries } from "./cluster.ts";
import { freePort } from "./daemon.ts";
import { missingPrograms, run } from "./programs.ts";
import { until } from "./until.ts";

/** Why Patroni cannot run here; null if it can. */
export function patroniIsMissing(): string | null {
  if (serverBinaries() === null) return "there are no PostgreSQL binaries (Debian: postgresql)";
  if (Deno.uid() !== 0) return "it needs root";
  return missingPrograms("patroni", "patronictl", "etcd", "setpriv");
}

interface Node {
  readonly name: string;
  readonly port: number;
  readonly rest: number;
  readonly config: string;
  process: Deno.ChildProcess | null;
}

export class PatroniCluster implements AsyncDisposable {
  private constructor(private readonly resources: AsyncDisposableStack, readonly nodes: readonly Node[]) {}

  /** Resolves when `db1` is the leader and `db2` is its replica. */
  static async start(): Promise<PatroniCluster> {
    await using resources = new AsyncDisposableStack();
    const folder = await Deno.makeTempDir({ prefix: "rosterd-patroni-" });
    resources.defer(() => Deno.remove(folder, { recursive: true }));
    await runPlain("chown", "postgres:", folder);
    const etcd = await startEtcd(folder, resources), nodes: Node[] = [];
    const cluster = new PatroniCluster(resources, nodes);
    resources.defer(() => cluster.#stop());
    for (const name of ["db1", "db2"]) {
      const [port, rest] = [freePort(), freePort()], config = join(folder, `${name}.yml`);
      await Deno.writeTextFile(config, JSON.stringify(configOf(name, { folder, port, rest, etcd })));
      nodes.push({ name, port, rest, config, process: null });
      cluster.startNode(name);
      await until(`${name} runs`, async () => (await cluster.members())[name] === "running", 90_000, 200);
    }
    return new PatroniCluster(resources.move(), nodes);
  }

  node(name: string): Node {
    return this.nodes.find((node) => node.name === name)!;
  }

  /** A `DATABASE_URL` that names both servers, with `db2` first. */
  get databaseUrl(): string {
    const hosts = this.nodes.map(({ port }) => `127.0.0.1:${port}`).reverse();
    return `postgres://postgres@${hosts.join(",")}/postgres?target_session_attrs=read-write`;
  }

  startNode(name: string): void {
    const node = this.node(name);
    node.process = new Deno.Command("setpriv", {
      args: ["--reuid=postgres", "--regid=postgres", "--init-groups", "patroni", node.config],
      cwd: "/",
      env: { HOME: "/tmp" },
      ...{ stdin: "null", stdout: "null", stderr: "null" },
    }).spawn();
  }

  /** The state of each member, as reported by Patroni. */
  async members(): Promise<Record<string, string>> {
    const found = await this.#ask();
    return Object.fromEntries(found.map(({ name, state }) => [name, state === "streaming" ? "running" : state]));
  }

  /** Returns null while no member is the leader. */
  async leader(): Promise<string | null> {
    return (await this.#ask()).find(({ role, state }) => role === "leader" && state === "running")?.name ?? null;
  }

  /** A server to be inspected from outside. */
  server(name: string): Cluster {
    return Cluster.at(this.node(name).port);
  }

  async control(...words: string[]): Promise<string> {
    return await run("patronictl", "-c", this.nodes[0].config, ...words);
  }

  /** Kills Patroni and all processes of its server. */
  async kill(name: string): Promise<void> {
    const node = this.node(name), { data_dir } = JSON.parse(await Deno.readTextFile(node.config)).postgresql;
    node.process?.kill("SIGKILL");
    await node.process?.output();
    node.process = null;
    await Cluster.at(node.port, data_dir).kill();
  }

  async #ask(): Promise<{ name: string; role: string; state: string }[]> {
    for (const { rest, process } of this.nodes) {
      if (process === null) continue;
      const answer = await fetch(`http://127.0.0.1:${rest}/cluster`).catch(() => null);
      if (answer?.ok) return (await answer.json()).members;
      await answer?.body?.cancel();
    }
    return [];
  }

  async #stop(): Promise<void> {
    for (const node of this.nodes) {
      node.process?.kill("SIGTERM");
      await node.process?.status;
      node.process = null;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.resources.disposeAsync();
  }
}

async function startEtcd(folder: string, resources: AsyncDisposableStack): Promise<number> {
  const [client, peer] = [freePort(), freePort()].map((port) => ({ port, url: `http://127.0.0.1:${port}` }));
  const process = new Deno.Command("etcd", {
    args: [
      ...["--data-dir", join(folder, "etcd"), "--unsafe-no-fsync"],
      ...["--listen-client-urls", client.url, "--advertise-client-urls", client.url],
      ...["--listen-peer-urls", peer.url, "--initial-advertise-peer-urls", peer.url],
      ...["--initial-cluster", `default=${peer.url}`],
    ],
    ...{ stdin: "null", stdout: "null", stderr: "null" },
  }).spawn();
  resources.defer(async () => {
    process.kill("SIGTERM");
    await process.status;
  });
  await until("etcd answers", async () => {
    const answer = await fetch(`${client.url}/health`).catch(() => null);
    await answer?.body?.cancel();
    return answer?.ok ?? false;
  }, 30_000);
  return client.port;
}

function configOf(
  name: string,
  { folder, port, rest, etcd }: { folder: string; port: number; rest: number; etcd: number },
) {
  const trusted = ["local all all trust", "host all all 127.0.0.1/32 trust", "host replication all 127.0.0.1/32 trust"];
  const restapi = `127.0.0.1:${rest}`, server = `127.0.0.1:${port}`;
  return {
    ...{ scope: "rosterd", name, etcd3: { host: `127.0.0.1:${etcd}` } },
    restapi: { listen: restapi, connect_address: restapi },
    bootstrap: {
      dcs: {
        ttl: 20,
        loop_wait: 2,
        retry_timeout: 3,
        postgresql: { use_pg_rewind: true, parameters: { wal_log_hints: "on" } },
      },
      initdb: [{ encoding: "UTF8" }],
      pg_hba: trusted,
    },
    postgresql: {
      ...{ listen: server, connect_address: server, data_dir: join(folder, name), bin_dir: serverBinaries() },
      pgpass: join(folder, `${name}.pgpass`),
      authentication: {
        superuser: { username: "postgres" },
        replication: { username: "replicator", password: "secret" },
      },
      parameters: { unix_socket_directories: folder, shared_buffers: "16MB", fsync: "off" },
    },
  };
}
