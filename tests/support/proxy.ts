/**
 * A TCP proxy between rosterd and its database that misbehaves on command: it stops forwarding without FIN or RST,
 * closes connections, and drops or delays responses. After a thaw, the proxy forwards the data it has held back.
 */
export type Direction = "to_server" | "to_client";
export const BOTH: readonly Direction[] = ["to_server", "to_client"];

/** An action for a connection on which the client sends a given text. */
export interface Rule {
  /** The text that the client must send. Case-sensitive. */
  says: string;
  /** `ahead`: whether to act before the text is forwarded to the server. */
  ahead?: boolean;
  act: (connection: ProxiedConnection) => void;
  /** Whether to act only the first time. */
  once?: boolean;
}

/** The bytes of the statement exactly as the driver sends it, because some settings contain the same word. */
export const COMMIT = "\0commit\0";

export class ProxiedConnection {
  readonly #gates: Record<Direction, PromiseWithResolvers<void> | null> = { to_server: null, to_client: null };
  readonly #ended = Promise.withResolvers<void>();
  /** Bytes received from the client. */
  fromClient = 0;

  constructor(private readonly client: Deno.Conn, private readonly server: Deno.Conn) {}

  freeze(directions: readonly Direction[] = BOTH): void {
    for (const direction of directions) this.#gates[direction] ??= Promise.withResolvers();
  }

  thaw(): void {
    for (const direction of BOTH) {
      this.#gates[direction]?.resolve();
      this.#gates[direction] = null;
    }
  }

  get isFrozen(): boolean {
    return BOTH.some((direction) => this.#gates[direction] !== null);
  }

  /** Closes both sides. */
  cut(): void {
    this.#ended.resolve();
    for (const end of [this.client, this.server]) {
      try {
        end.close();
      } catch { /* it is already closed */ }
    }
  }

  async run(onClient: (bytes: Uint8Array, ahead: boolean) => void, delayMs: () => number): Promise<void> {
    await Promise.all([
      this.#pump("to_server", this.client, this.server, onClient, delayMs),
      this.#pump("to_client", this.server, this.client, () => {}, delayMs),
    ]).catch(() => {});
    this.cut();
  }

  async #pump(
    direction: Direction,
    from: Deno.Conn,
    to: Deno.Conn,
    onBytes: (bytes: Uint8Array, ahead: boolean) => void,
    delayMs: () => number,
  ): Promise<void> {
    const buffer = new Uint8Array(1 << 16);
    while (true) {
      await this.#open(direction);
      const count = await from.read(buffer);
      if (count === null) break;
      const bytes = buffer.subarray(0, count);
      onBytes(bytes, true);
      await this.#open(direction);
      if (delayMs() > 0) await new Promise((resolve) => setTimeout(resolve, delayMs()));
      for (let at = 0; at < count;) at += await to.write(bytes.subarray(at));
      onBytes(bytes, false);
    }
    await this.#open(direction);
    await to.closeWrite();
  }

  async #open(direction: Direction): Promise<void> {
    while (this.#gates[direction] !== null) {
      await Promise.race([this.#gates[direction]!.promise, this.#ended.promise.then(() => Promise.reject())]);
    }
  }
}

export class Proxy implements AsyncDisposable {
  readonly #listener: Deno.TcpListener;
  readonly #connections = new Set<ProxiedConnection>();
  readonly #runs = new Set<Promise<void>>();
  #rules: Rule[] = [];
  /** Accepts new connections but does not respond to them. */
  freezesNew = false;
  /** Closes new connections immediately. */
  refusesNew = false;
  delayMs = 0;

  private constructor(private readonly target: URL) {
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.#run();
  }

  static start(databaseUrl: string): Proxy {
    return new Proxy(new URL(databaseUrl));
  }

  /** A `DATABASE_URL` that goes through the proxy. */
  get url(): string {
    const url = new URL(this.target);
    url.hostname = "127.0.0.1";
    url.port = String(this.#listener.addr.port);
    return url.href;
  }

  get connections(): readonly ProxiedConnection[] {
    return [...this.#connections];
  }

  when(rule: Rule): void {
    this.#rules.push(rule);
  }

  forget(): void {
    this.#rules = [];
  }

  freezeAll(directions: readonly Direction[] = BOTH): void {
    for (const connection of this.#connections) connection.freeze(directions);
  }

  cutAll(): void {
    for (const connection of this.#connections) connection.cut();
  }

  thawAll(): void {
    for (const connection of this.#connections) connection.thaw();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    this.cutAll();
    await Promise.all(this.#runs);
  }

  async #run(): Promise<void> {
    try {
      for await (const client of this.#listener) {
        const run = this.#serve(client).finally(() => this.#runs.delete(run));
        this.#runs.add(run);
      }
    } catch { /* the listener is closed */ }
  }

  async #serve(client: Deno.Conn): Promise<void> {
    if (this.refusesNew) return client.close();
    let server: Deno.Conn;
    try {
      server = await Deno.connect({ hostname: this.target.hostname, port: Number(this.target.port || 5432) });
    } catch {
      return client.close();
    }
    const connection = new ProxiedConnection(client, server);
    if (this.freezesNew) connection.freeze();
    this.#connections.add(connection);
    await connection.run((bytes, ahead) => this.#onClient(connection, bytes, ahead), () => this.delayMs);
    this.#connections.delete(connection);
  }

  #onClient(connection: ProxiedConnection, bytes: Uint8Array, ahead: boolean): void {
    if (ahead) connection.fromClient += bytes.length;
    const rules = this.#rules.filter((rule) => (rule.ahead ?? false) === ahead);
    if (rules.length === 0) return;
    const text = new TextDecoder("latin1").decode(bytes);
    for (const rule of rules.filter(({ says }) => text.includes(says))) {
      if (rule.once) this.#rules = this.#rules.filter((other) => other !== rule);
      rule.act(connection);
    }
  }
}
