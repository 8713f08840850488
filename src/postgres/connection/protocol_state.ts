/**
 * Tracks the messages of a connection to determine which side must send next (PostgreSQL manual, "Message Formats").
 */
const Z_READY = 0x5a, K_KEY = 0x4b, G_COPY_IN = 0x47, S_SUSPENDED = 0x73, C_COMPLETE = 0x43, E_ERROR = 0x45;
const T_COLUMNS = 0x54, N_NO_COLUMNS = 0x6e;
const Q_QUERY = 0x51, S_SYNC = 0x53, H_FLUSH = 0x48, E_EXECUTE = 0x45, C_COPY_DONE = 0x63, F_COPY_FAIL = 0x66;

export class ProtocolState {
  readonly #sent = new Messages((type) => this.#onSent(type), false);
  readonly #received = new Messages((type, payload) => this.#onReceived(type, payload), true);
  /**
   * The number of pending responses that end with ReadyForQuery. The response to the startup message is the first one.
   */
  #owed = 1;
  /** A partial response that the client has requested with Flush: a description or rows of a cursor. */
  #part: "description" | "rows" | null = null;
  #executed = false;
  /** True from the start of a COPY until the server has confirmed or refused it. */
  #copying = false;
  #takesCopy = false;
  isLoggedIn = false;
  /** The process id that the server reports. A pooler reports a made-up id. */
  pid: number | null = null;

  /** `onCopyRefused` receives the SQLSTATE if the server refuses a COPY. */
  constructor(private readonly onCopyRefused: (code: string) => void) {}

  sent(bytes: Uint8Array): void {
    this.#sent.follow(bytes);
  }

  received(bytes: Uint8Array): void {
    this.#received.follow(bytes);
  }

  /** Whether it is the server's turn to send a message. */
  get isServersTurn(): boolean {
    return !this.#takesCopy && (this.#owed > 0 || this.#part !== null);
  }

  #onSent(type: number): void {
    if (type === Q_QUERY || type === S_SYNC) this.#owed++;
    else if (type === E_EXECUTE) this.#executed = true;
    else if (type === H_FLUSH) this.#part = this.#executed ? "rows" : "description";
    else if (type === C_COPY_DONE) this.#takesCopy = false;
    else if (type === F_COPY_FAIL) this.#takesCopy = this.#copying = false;
    if (type === Q_QUERY || type === S_SYNC || type === H_FLUSH) this.#executed = false;
  }

  #onReceived(type: number, payload: DataView): void {
    if (type === Z_READY) {
      this.#owed = Math.max(0, this.#owed - 1);
      this.isLoggedIn = true;
      this.#copying = false;
    } else if (type === G_COPY_IN) this.#copying = this.#takesCopy = true;
    else if (type === K_KEY) this.pid = payload.getInt32(0);
    else if (type === S_SUSPENDED || type === C_COMPLETE) this.#part = null;
    else if (type === E_ERROR) {
      this.#part = null;
      this.#takesCopy = false;
      if (this.#copying) this.onCopyRefused(sqlState(payload));
    } else if ((type === T_COLUMNS || type === N_NO_COLUMNS) && this.#part === "description") this.#part = null;
  }
}

/** Reads the SQLSTATE, field C, from an error message (PostgreSQL manual, "Error and Notice Message Fields"). */
function sqlState(payload: DataView): string {
  const text = new TextDecoder("latin1").decode(payload);
  return /\0C([0-9A-Z]{5})\0/.exec(text)?.[1] ?? "";
}

/** How many bytes of a message to keep: its type, its length and the start of its payload. */
const MAX_HEAD_BYTES = 9;
const MAX_ERROR_HEAD_BYTES = 200;

class Messages {
  readonly #head = new DataView(new ArrayBuffer(MAX_ERROR_HEAD_BYTES));
  #length = 0;
  #rest = 0;

  /** `typed`: whether the first message has a type. A client's startup message has no type. */
  constructor(private readonly tell: (type: number, payload: DataView) => void, private typed: boolean) {}

  follow(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      if (this.#length < 5) {
        if (!this.typed && this.#length === 0) this.#head.setUint8(this.#length++, 0);
        this.#head.setUint8(this.#length++, bytes[at++]);
        if (this.#length === 5) this.#rest = Math.max(0, this.#head.getUint32(1) - 4);
      } else {
        const step = Math.min(this.#rest, bytes.length - at);
        const headBytes = this.#head.getUint8(0) === E_ERROR ? MAX_ERROR_HEAD_BYTES : MAX_HEAD_BYTES;
        for (let from = at; this.#length < headBytes && from < at + step;) {
          this.#head.setUint8(this.#length++, bytes[from++]);
        }
        this.#rest -= step;
        at += step;
      }
      if (this.#length >= 5 && this.#rest === 0) this.#end();
    }
  }

  #end(): void {
    const type = this.#head.getUint8(0);
    if (this.typed) this.tell(type, new DataView(this.#head.buffer, 5, this.#length - 5));
    this.typed = true;
    this.#length = 0;
  }
}
