/**
 * The socket of one connection to a server, which the driver gets instead of one of its own (TCP, Unix socket, TLS). It knows
 * three things that the driver does not: when a server that has something to say stays silent; that a server which hangs up
 * before it let the client in is a fault, where the driver would try again without end or pause; and that a COPY is over when
 * the server breaks it off, of which the driver tells nobody once it has sent everything (all measured).
 *
 * Decides nothing about silence: whoever made it is asked.
 */
import { connect, isIP, type Socket } from "node:net";
import { Duplex } from "node:stream";
import { setImmediate } from "node:timers";
import { connect as connectTls } from "node:tls";
import type { SslMode } from "../../domain/database_url.ts";
import { distrust } from "../../runtime/certificates.ts";
import { codeOf } from "../../runtime/errors.ts";
import { ProtocolState } from "./protocol_state.ts";

/** Where the server is, and what of `sslmode` holds. Of several hosts the first that answers is taken. */
export interface Address {
  /** A host that begins with a slash is the folder of a Unix socket. */
  hosts: readonly { host: string; port: number }[];
  sslMode: SslMode;
  /** TLS from the first byte on. */
  sslDirect: boolean;
  /** The authorities to trust, in PEM; asked for each connection that is verified. */
  authorities: () => string[];
}

export interface WatchedSocketOptions {
  address: Address;
  /** So long may the server stay silent when it has something to say. */
  silenceMs: number;
  /** Asked when it was silent for so long: whether to go on waiting. Null: no deadline. */
  onSilence: ((link: WatchedSocket) => Promise<boolean>) | null;
}

/** The backend at the other end. */
export interface Backend {
  pid: number;
  /** So that no other that got the same number later is taken for it. Null: not known. */
  startedAt: string | null;
}

/** What the system says of a server that cannot be connected to, with words of its own in `errors.ts`. */
const CONNECT_FAULTS = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH", "ETIMEDOUT"]);

/** SSLRequest (PostgreSQL manual, "Message Formats"), and the answer yes. */
const SSL_REQUEST = new Uint8Array([0, 0, 0, 8, 4, 210, 22, 47]);
const YES = "S".charCodeAt(0);

/** So often within the time of silence it is looked whether it is over. */
const LOOKS = 5;

/** So long the server may take to hang up after a good-bye. */
const GOODBYE_MS = 5_000;

export class WatchedSocket extends Duplex {
  readonly #options: WatchedSocketOptions;
  readonly #protocol = new ProtocolState((code) => {
    this.destroy(fault(code, "the server broke off a COPY"));
  });
  #socket: Socket | null = null;
  #isOpen = false;
  #write: (() => void) | null = null;
  #watch: ReturnType<typeof setInterval> | undefined;
  #goodbye: ReturnType<typeof setTimeout> | undefined;
  #progressAt = performance.now();
  #undrained = false;
  #isAsking = false;
  #isPlain = false;
  #backend: Backend | null = null;
  /** Why it broke; null when it did not. */
  fault: Error | null = null;

  constructor(options: WatchedSocketOptions) {
    super();
    this.#options = options;
  }

  /** As the driver asks a socket. It may be written to before the server has answered. */
  get readyState(): string {
    return this.destroyed ? "closed" : "open";
  }

  /** Who is at the other end, as far as known. */
  get backend(): Backend | null {
    const { pid } = this.#protocol;
    return this.#backend ?? (pid === null ? null : { pid, startedAt: null });
  }

  set backend(backend: Backend | null) {
    this.#backend = backend;
  }

  /** When something was last heard or taken, by `performance.now()`. */
  get progressAt(): number {
    return this.#progressAt;
  }

  setKeepAlive(enable: boolean, ms: number): this {
    this.#socket?.setKeepAlive(enable, ms);
    return this;
  }

  /** The driver writes first. Only then it is connected, so that no fault comes before the driver is ready for one. */
  override _write(chunk: Uint8Array, _encoding: string, done: (error?: Error | null) => void): void {
    if (!this.#isOpen) {
      this.#write = () => this._write(chunk, _encoding, done);
      if (this.#socket === null) this.#open(0);
      return;
    }
    if (!this.#isSilenceTelling) this.#progressAt = performance.now();
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

  /** The driver's good-bye. Nobody may be there to hear it. */
  // deno-lint-ignore no-explicit-any -- as in the class above
  override end(...words: any[]): this {
    this.#goodbye ??= setTimeout(() => this.destroy(), GOODBYE_MS);
    return super.end(...words);
  }

  /** The driver breaks when it hears of the end while something that it wrote is still on its way to here. */
  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    clearInterval(this.#watch);
    clearTimeout(this.#goodbye);
    this.#socket?.destroy();
    this.fault = error;
    setImmediate(() => done(error));
  }

  #open(at: number): void {
    const { hosts } = this.#options.address;
    const { host, port } = hosts[at];
    const socket = host.startsWith("/") ? connect(`${host}/.s.PGSQL.${port}`) : connect(port, host);
    this.#socket = socket;
    const failed = (error: Error) => {
      if (this.destroyed) return;
      if (at + 1 < hosts.length) this.#open(at + 1);
      else this.destroy(fault(CONNECT_FAULTS.has(codeOf(error)) ? codeOf(error) : "CONNECT_FAILED", codeOf(error)));
    };
    socket.once("error", failed);
    socket.once("connect", () => {
      socket.off("error", failed);
      socket.on("error", (error) => this.#broke(error));
      socket.once("close", () => {
        if (this.#socket === socket) this.#hungUp();
      });
      socket.setNoDelay(true);
      socket.setKeepAlive(true, 30_000);
      this.#secure(socket, at);
    });
  }

  /** Asks for TLS where it is wanted, as libpq does: never on a Unix socket. */
  #secure(socket: Socket, at: number): void {
    const { sslMode, sslDirect, hosts } = this.#options.address;
    if (sslMode === "disable" || this.#isPlain || hosts[at].host.startsWith("/")) return this.#use(socket);
    if (sslDirect) return this.#useTls(socket, at);
    socket.write(SSL_REQUEST);
    socket.once("data", (answer: Uint8Array) => {
      if (answer[0] === YES) this.#useTls(socket, at);
      else if (sslMode === "prefer") this.#use(socket);
      else this.destroy(fault("NO_TLS", "the server offers no TLS"));
    });
  }

  /** `require` encrypts without verifying, `verify-ca` passes over the name of the host, `verify-full` does neither. */
  #useTls(socket: Socket, at: number): void {
    const { hosts, sslMode, sslDirect, authorities } = this.#options.address;
    const { host } = hosts[at];
    const isVerified = sslMode === "verify-ca" || sslMode === "verify-full";
    let ca: string[] | undefined;
    try {
      ca = isVerified ? authorities() : undefined;
    } catch (error) {
      const code = codeOf(error);
      if (code === "") throw error;
      return void this.destroy(fault("TLS_FAILED", `the file of sslrootcert cannot be read (${code})`));
    }
    const tls = connectTls({
      socket,
      ca,
      servername: isIP(host) === 0 ? host : undefined,
      host,
      // It is judged below, where the certificate can be named.
      rejectUnauthorized: false,
      ...(sslMode === "verify-full" ? {} : { checkServerIdentity: () => undefined }),
      ...(sslDirect ? { ALPNProtocols: ["postgresql"] } : {}),
    });
    tls.on("error", (error) => {
      if (this.#isOpen) return this.#broke(error);
      if (sslMode !== "prefer") return void this.destroy(fault("TLS_FAILED", `the system says ${codeOf(error)}`));
      // As libpq: what only was preferred is given up, on a new connection.
      this.#isPlain = true;
      this.#open(at);
    });
    tls.once("close", () => {
      if (this.#socket === socket || this.#isOpen) this.#hungUp();
    });
    tls.once("secureConnect", () => {
      const why = isVerified ? distrust(tls) : null;
      if (why === null) this.#use(tls);
      else this.destroy(fault("TLS_FAILED", `the certificate of the server is refused: ${why}`));
    });
  }

  #use(socket: Socket): void {
    if (this.destroyed) return void socket.destroy();
    this.#socket = socket;
    this.#isOpen = true;
    socket.on("data", (bytes: Uint8Array) => {
      this.#progressAt = performance.now();
      this.#protocol.heard(bytes);
      if (!this.push(bytes)) socket.pause();
    });
    socket.once("end", () => this.#hungUp());
    const { silenceMs, onSilence } = this.#options;
    if (onSilence !== null) this.#watch = setInterval(() => this.#look(onSilence), silenceMs / LOOKS);
    this.#write?.();
    this.#write = null;
  }

  /** Of the ways in which the system tells that a connection is gone, the driver's own word is made. */
  #broke(error: Error): void {
    this.destroy(fault("CONNECTION_CLOSED", error.message));
  }

  /** An error before the server let the client in; later the driver knows better whether anything was under way. */
  #hungUp(): void {
    if (this.destroyed) return;
    this.destroy(this.#protocol.isGreeted ? undefined : fault("CONNECTION_CLOSED", "the server hung up at once"));
  }

  get #isSilenceTelling(): boolean {
    return this.#undrained || this.#protocol.isServersTurn;
  }

  #look(onSilence: (link: WatchedSocket) => Promise<boolean>): void {
    // Whether the client is let in is for the driver's own deadline.
    if (this.#isAsking || !this.#isSilenceTelling || !this.#protocol.isGreeted) return;
    const since = this.#progressAt;
    if (performance.now() - since < this.#options.silenceMs) return;
    this.#isAsking = true;
    onSilence(this).then((goOn) => {
      this.#isAsking = false;
      if (this.destroyed) return;
      if (goOn || this.#progressAt > since) this.#progressAt = performance.now();
      else this.#cut();
    });
  }

  #cut(): void {
    this.destroy(fault("LINK_FROZEN", "nothing comes through the connection to the database any more"));
  }
}

function fault(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
