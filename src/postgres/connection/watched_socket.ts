/**
 * The socket that the driver uses for one connection (TCP, Unix socket or TLS). It adds three checks that the driver lacks (all
 * measured). It detects a server that stays silent when it should answer. It reports a server that hangs up before the login,
 * where the driver would retry forever without a delay. It ends a COPY that the server refuses after all data was sent.
 */
import { connect, isIP, type Socket } from "node:net";
import { Duplex } from "node:stream";
import { setImmediate } from "node:timers";
import { connect as connectTls } from "node:tls";
import { ProtocolState } from "./protocol_state.ts";

/** The server's address and TLS mode. The socket uses the first host that answers. */
export interface Address {
  path: string | null;
  hosts: readonly { host: string; port: number }[];
  ssl: false | string;
  /** Whether TLS begins with the first byte. */
  sslDirect: boolean;
}

export interface WatchedSocketOptions {
  address: Address;
  /** How long the server may stay silent when it should answer. */
  silenceMs: number;
  /** Called after that time; resolves to whether to keep waiting. Null: no deadline. */
  onSilence: ((link: WatchedSocket) => Promise<boolean>) | null;
}

export interface Backend {
  pid: number;
  /** Tells it from a later backend with the same pid. Null: unknown. */
  startedAt: string | null;
}

/** SSLRequest (PostgreSQL manual, "Message Formats"), and the answer for yes. */
const SSL_REQUEST = new Uint8Array([0, 0, 0, 8, 4, 210, 22, 47]);
const YES = "S".charCodeAt(0);

const CHECKS_PER_SILENCE = 5;
/** How long the server may take to close the connection after the driver's goodbye. */
const GOODBYE_TIMEOUT_MS = 5_000;

export class WatchedSocket extends Duplex {
  readonly #options: WatchedSocketOptions;
  readonly #protocol = new ProtocolState((code) => {
    this.destroy(fault(code, "the server refused a COPY"));
  });
  #socket: Socket | null = null;
  #isOpen = false;
  #write: (() => void) | null = null;
  #watch: ReturnType<typeof setInterval> | undefined;
  #goodbye: ReturnType<typeof setTimeout> | undefined;
  #progressAt = performance.now();
  #undrained = false;
  #isAsking = false;
  #backend: Backend | null = null;
  /** Why the socket failed; null if it did not. */
  fault: Error | null = null;

  constructor(options: WatchedSocketOptions) {
    super();
    this.#options = options;
  }

  /** Read by the driver. It may write before the server has answered. */
  get readyState(): string {
    return this.destroyed ? "closed" : "open";
  }

  /** The backend at the other end; null while unknown. */
  get backend(): Backend | null {
    const { pid } = this.#protocol;
    return this.#backend ?? (pid === null ? null : { pid, startedAt: null });
  }

  set backend(backend: Backend | null) {
    this.#backend = backend;
  }

  /** When data last moved in either direction, by `performance.now()`. */
  get progressAt(): number {
    return this.#progressAt;
  }

  setKeepAlive(enable: boolean, ms: number): this {
    this.#socket?.setKeepAlive(enable, ms);
    return this;
  }

  /** Connects at the driver's first write: before that, the driver cannot handle an error. */
  override _write(chunk: Uint8Array, _encoding: string, done: (error?: Error | null) => void): void {
    if (!this.#isOpen) {
      this.#write = () => this._write(chunk, _encoding, done);
      if (this.#socket === null) this.#open(0);
      return;
    }
    if (!this.#expectsProgress) this.#progressAt = performance.now();
    this.#protocol.sent(chunk);
    this.#undrained = true;
    this.#socket!.write(chunk, (error) => {
      this.#undrained = false;
      this.#progressAt = performance.now();
      done(error);
    });
  }

  override _read(): void {
    this.#socket?.resume();
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#socket?.end();
    done();
  }

  /** The driver's goodbye. A frozen link never answers it. */
  // deno-lint-ignore no-explicit-any -- as in the class above
  override end(...args: any[]): this {
    this.#goodbye ??= setTimeout(() => this.destroy(), GOODBYE_TIMEOUT_MS);
    return super.end(...args);
  }

  /** Reports the end one turn later: the driver crashes if it comes before its last write arrives here. */
  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    clearInterval(this.#watch);
    clearTimeout(this.#goodbye);
    this.#socket?.destroy();
    this.fault = error;
    setImmediate(() => done(error));
  }

  #open(at: number): void {
    const { path, hosts } = this.#options.address;
    const socket = path === null ? connect(hosts[at].port, hosts[at].host) : connect(path);
    this.#socket = socket;
    const failed = (error: Error) => {
      if (this.destroyed) return;
      if (path === null && at + 1 < hosts.length) this.#open(at + 1);
      else this.destroy(error);
    };
    socket.once("error", failed);
    socket.once("connect", () => {
      socket.off("error", failed);
      socket.on("error", (error) => this.#lose(error));
      socket.once("close", () => this.#onHangUp());
      socket.setNoDelay(true);
      socket.setKeepAlive(true, 30_000);
      this.#secure(socket, hosts[at]?.host ?? "");
    });
  }

  /** Requests TLS if the URL asks for it, as the driver does. */
  #secure(socket: Socket, host: string): void {
    const { ssl, sslDirect } = this.#options.address;
    if (ssl === false) return this.#use(socket);
    if (sslDirect) return this.#useTls(socket, host);
    socket.write(SSL_REQUEST);
    socket.once("data", (answer: Uint8Array) => {
      if (answer[0] === YES) this.#useTls(socket, host);
      else if (ssl === "prefer") this.#use(socket);
      else this.destroy(fault("NO_TLS", "the server does not offer TLS"));
    });
  }

  #useTls(socket: Socket, host: string): void {
    const { ssl, sslDirect } = this.#options.address;
    const tls = connectTls({
      socket,
      servername: isIP(host) !== 0 ? undefined : host,
      // These modes encrypt without verifying the certificate, as in libpq.
      ...(["require", "allow", "prefer"].includes(String(ssl)) ? { rejectUnauthorized: false } : {}),
      ...(sslDirect ? { ALPNProtocols: ["postgresql"] } : {}),
    });
    tls.on("error", (error) => this.#isOpen ? this.#lose(error) : this.destroy(fault("TLS_FAILED", error.message)));
    tls.once("close", () => this.#onHangUp());
    tls.once("secureConnect", () => this.#use(tls));
  }

  #use(socket: Socket): void {
    if (this.destroyed) return void socket.destroy();
    this.#socket = socket;
    this.#isOpen = true;
    socket.on("data", (bytes: Uint8Array) => {
      this.#progressAt = performance.now();
      this.#protocol.received(bytes);
      if (!this.push(bytes)) socket.pause();
    });
    socket.once("end", () => this.#onHangUp());
    const { silenceMs, onSilence } = this.#options;
    if (onSilence !== null) {
      this.#watch = setInterval(() => this.#checkSilence(onSilence), silenceMs / CHECKS_PER_SILENCE);
    }
    this.#write?.();
    this.#write = null;
  }

  /** Replaces the system's many codes for a lost connection by the driver's own. */
  #lose(error: Error): void {
    this.destroy(fault("CONNECTION_CLOSED", error.message));
  }

  /** An error before the login. Later the driver itself knows whether a statement was running. */
  #onHangUp(): void {
    if (this.destroyed) return;
    this.destroy(
      this.#protocol.isLoggedIn
        ? undefined
        : fault("CONNECTION_CLOSED", "the server closed the connection before the login"),
    );
  }

  get #expectsProgress(): boolean {
    return this.#undrained || this.#protocol.isServersTurn;
  }

  #checkSilence(onSilence: (link: WatchedSocket) => Promise<boolean>): void {
    // Before the login the driver's own deadline applies.
    if (this.#isAsking || !this.#expectsProgress || !this.#protocol.isLoggedIn) return;
    const since = this.#progressAt;
    if (performance.now() - since < this.#options.silenceMs) return;
    this.#isAsking = true;
    onSilence(this).then((keepsWaiting) => {
      this.#isAsking = false;
      if (this.destroyed) return;
      if (keepsWaiting || this.#progressAt > since) this.#progressAt = performance.now();
      else this.destroy(fault("LINK_FROZEN", "the connection to the database is frozen"));
    });
  }
}

function fault(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
