/**
 * The socket that the driver uses for one connection (TCP, Unix socket or TLS). Detects three faults that the driver
 * does not handle (all measured):
 *
 * - The server is silent when it should answer.
 * - The server hangs up before login. The driver would retry forever without a delay.
 * - The server refuses a COPY after all data has been sent. In that case, the socket ends the COPY.
 */
import { connect, isIP, type Socket } from "node:net";
import { Duplex } from "node:stream";
import { setImmediate } from "node:timers";
import { connect as connectTls } from "node:tls";
import type { SslMode } from "../../domain/database_url.ts";
import { distrust } from "../../runtime/certificates.ts";
import { codeOf, errorWithCode } from "../../runtime/errors.ts";
import type { FoundHost } from "./primary.ts";
import { ProtocolState } from "./protocol_state.ts";

/** The server's address and TLS mode. */
export interface Address {
  /** Chooses the server. Called for each connection. */
  findHost: () => Promise<FoundHost>;
  sslMode: SslMode;
  /** Whether TLS begins with the first byte. */
  sslDirect: boolean;
  /**
   * Returns the trusted certificate authorities in PEM format. Called for each connection whose certificate is
   * verified.
   */
  authorities: () => string[];
}

export interface WatchedSocketOptions {
  address: Address;
  /** How long the server may stay silent when it should answer. */
  silenceMs: number;
  /** Called after `silenceMs` of silence. Resolves to whether to keep waiting. Null to wait without a deadline. */
  onSilence: ((link: WatchedSocket) => Promise<boolean>) | null;
}

export interface Backend {
  pid: number;
  /** The start time, which distinguishes the backend from a later one with the same pid; null if unknown. */
  startedAt: string | null;
}

/** The system's error codes for an unreachable server. `errors.ts` explains each of them. */
const CONNECT_FAULTS = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH", "ETIMEDOUT"]);

/** The SSLRequest message (PostgreSQL manual, "Message Formats"), and the byte with which the server agrees. */
const SSL_REQUEST = new Uint8Array([0, 0, 0, 8, 4, 210, 22, 47]);
const YES = "S".charCodeAt(0);

const CHECKS_PER_SILENCE = 5;
/** How long the server may take to close the connection after the driver ends it. */
const GOODBYE_TIMEOUT_MS = 5_000;

export class WatchedSocket extends Duplex {
  readonly #protocol = new ProtocolState((code) => {
    this.destroy(errorWithCode(code, "the server refused a COPY"));
  });
  /** Whether the driver has written anything yet. */
  #isOpening = false;
  #host: FoundHost | null = null;
  #socket: Socket | null = null;
  #isOpen = false;
  #write: (() => void) | null = null;
  #watch: ReturnType<typeof setInterval> | undefined;
  #goodbye: ReturnType<typeof setTimeout> | undefined;
  /** The time when data last passed in either direction, from `performance.now()`. */
  progressAt = performance.now();
  #undrained = false;
  #isAsking = false;
  #isPlain = false;
  #backend: Backend | null = null;
  fault: Error | null = null;

  constructor(private readonly options: WatchedSocketOptions) {
    super();
  }

  /** Tells the driver that it can write, even before the server has answered. */
  get readyState(): string {
    return this.destroyed ? "closed" : "open";
  }

  /** The server of this connection; null until one is chosen. */
  get host(): FoundHost | null {
    return this.#host;
  }

  /** The backend that serves this connection; null while it is unknown. */
  get backend(): Backend | null {
    const { pid } = this.#protocol;
    return this.#backend ?? (pid === null ? null : { pid, startedAt: null });
  }

  set backend(backend: Backend | null) {
    this.#backend = backend;
  }

  /** Whether this connection has the backend to itself. A pooler reports a different process id at login. */
  get hasOwnBackend(): boolean {
    return this.#backend !== null && this.#backend.pid === this.#protocol.pid;
  }

  setKeepAlive(enable: boolean, ms: number): this {
    this.#socket?.setKeepAlive(enable, ms);
    return this;
  }

  /** Connects when the driver writes for the first time, because the driver cannot handle an earlier error. */
  override _write(chunk: Uint8Array, _encoding: string, done: (error?: Error | null) => void): void {
    if (!this.#isOpen) {
      this.#write = () => this._write(chunk, _encoding, done);
      if (!this.#isOpening) void this.#findHost();
      return;
    }
    if (!this.#expectsProgress) this.progressAt = performance.now();
    this.#protocol.sent(chunk);
    this.#undrained = true;
    this.#socket!.write(chunk, (error) => {
      this.#undrained = false;
      this.progressAt = performance.now();
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

  /** Ends the connection and destroys it after a while, because a frozen link never responds. */
  // deno-lint-ignore no-explicit-any -- as in the class above
  override end(...args: any[]): this {
    this.#goodbye ??= setTimeout(() => this.destroy(), GOODBYE_TIMEOUT_MS);
    return super.end(...args);
  }

  /**
   * Reports the end one event-loop turn later. The driver crashes if it is told that the connection has ended before
   * this socket has received the last write.
   */
  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    clearInterval(this.#watch);
    clearTimeout(this.#goodbye);
    this.#socket?.destroy();
    this.fault = error;
    setImmediate(() => done(error));
  }

  async #findHost(): Promise<void> {
    this.#isOpening = true;
    let address: FoundHost;
    try {
      address = await this.options.address.findHost();
    } catch (error) {
      return void this.destroy(error as Error);
    }
    if (!this.destroyed) this.#open(address);
  }

  #open(address: FoundHost): void {
    const { host, port } = address;
    this.#host = address;
    const socket = host.startsWith("/") ? connect(`${host}/.s.PGSQL.${port}`) : connect(port, host);
    this.#socket = socket;
    const failed = (error: Error) => {
      if (this.destroyed) return;
      this.destroy(errorWithCode(CONNECT_FAULTS.has(codeOf(error)) ? codeOf(error) : "CONNECT_FAILED", codeOf(error)));
    };
    socket.once("error", failed);
    socket.once("connect", () => {
      socket.off("error", failed);
      socket.on("error", (error) => this.#lose(error));
      socket.once("close", () => {
        if (this.#socket === socket) this.#onHangUp();
      });
      socket.setNoDelay(true);
      socket.setKeepAlive(true, 30_000);
      this.#secure(socket, address);
    });
  }

  /** Requests TLS if the URL asks for it. As in libpq, a Unix socket never uses TLS. */
  #secure(socket: Socket, address: FoundHost): void {
    const { sslMode, sslDirect } = this.options.address;
    if (sslMode === "disable" || this.#isPlain || address.host.startsWith("/")) return this.#use(socket);
    if (sslDirect) return this.#useTls(socket, address);
    socket.write(SSL_REQUEST);
    socket.once("data", (answer: Uint8Array) => {
      if (answer[0] === YES) this.#useTls(socket, address);
      else if (sslMode === "prefer") this.#use(socket);
      else this.destroy(errorWithCode("NO_TLS", "the server does not offer TLS"));
    });
  }

  /**
   * `require` encrypts without verifying, `verify-ca` verifies everything except the host name, and `verify-full`
   * verifies the host name too.
   */
  #useTls(socket: Socket, address: FoundHost): void {
    const { host } = address;
    const { sslMode, sslDirect, authorities } = this.options.address;
    const isVerified = sslMode === "verify-ca" || sslMode === "verify-full";
    let ca: string[] | undefined;
    try {
      ca = isVerified ? authorities() : undefined;
    } catch (error) {
      const code = codeOf(error);
      if (code === "") throw error;
      return void this.destroy(errorWithCode("TLS_FAILED", `the file in sslrootcert cannot be read (${code})`));
    }
    const tls = connectTls({
      socket,
      ca,
      servername: isIP(host) === 0 ? host : undefined,
      host,
      // The `secureConnect` handler checks the certificate, so that the error can name it.
      rejectUnauthorized: false,
      ...(sslMode === "verify-full" ? {} : { checkServerIdentity: () => undefined }),
      ...(sslDirect ? { ALPNProtocols: ["postgresql"] } : {}),
    });
    tls.on("error", (error) => {
      if (this.#isOpen) return this.#lose(error);
      if (sslMode !== "prefer") {
        return void this.destroy(errorWithCode("TLS_FAILED", `the system reports ${codeOf(error)}`));
      }
      // As in libpq, `prefer` falls back to a new connection without TLS.
      this.#isPlain = true;
      this.#open(address);
    });
    tls.once("close", () => {
      if (this.#socket === socket || this.#isOpen) this.#onHangUp();
    });
    tls.once("secureConnect", () => {
      const why = isVerified ? distrust(tls) : null;
      if (why === null) this.#use(tls);
      else this.destroy(errorWithCode("TLS_FAILED", `the server's certificate was refused: ${why}`));
    });
  }

  #use(socket: Socket): void {
    if (this.destroyed) return void socket.destroy();
    this.#socket = socket;
    this.#isOpen = true;
    socket.on("data", (bytes: Uint8Array) => {
      this.progressAt = performance.now();
      this.#protocol.received(bytes);
      if (!this.push(bytes)) socket.pause();
    });
    socket.once("end", () => this.#onHangUp());
    const { silenceMs, onSilence } = this.options;
    if (onSilence !== null) {
      this.#watch = setInterval(() => this.#checkSilence(onSilence), silenceMs / CHECKS_PER_SILENCE);
    }
    this.#write?.();
    this.#write = null;
  }

  /** Replaces the many codes that the system has for a lost connection with the one that the driver uses. */
  #lose(error: Error): void {
    this.destroy(errorWithCode("CONNECTION_CLOSED", error.message));
  }

  /** Reports an error only before login. After login, the driver itself knows whether a statement was running. */
  #onHangUp(): void {
    if (this.destroyed) return;
    this.destroy(
      this.#protocol.isLoggedIn
        ? undefined
        : errorWithCode("CONNECTION_CLOSED", "the server closed the connection before login"),
    );
  }

  get #expectsProgress(): boolean {
    return this.#undrained || this.#protocol.isServersTurn;
  }

  #checkSilence(onSilence: (link: WatchedSocket) => Promise<boolean>): void {
    // Before login, the driver's connection timeout applies.
    if (this.#isAsking || !this.#expectsProgress || !this.#protocol.isLoggedIn) return;
    const since = this.progressAt;
    if (performance.now() - since < this.options.silenceMs) return;
    this.#isAsking = true;
    onSilence(this).then((keepsWaiting) => {
      this.#isAsking = false;
      if (this.destroyed) return;
      if (keepsWaiting || this.progressAt > since) this.progressAt = performance.now();
      else this.destroy(errorWithCode("LINK_FROZEN", "the connection to the database is frozen"));
    });
  }
}
