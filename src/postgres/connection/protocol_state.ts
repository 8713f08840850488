/**
 * Follows what client and server say to each other, message by message (PostgreSQL manual, "Message Formats"), as far as it
 * takes to know whose turn it is. Told of every byte by `watched_socket.ts`; sends nothing itself, and keeps no value.
 */

const Z_READY = 0x5a, K_KEY = 0x4b, G_COPY_IN = 0x47, S_SUSPENDED = 0x73, C_COMPLETE = 0x43, E_ERROR = 0x45;
const T_COLUMNS = 0x54, N_NO_COLUMNS = 0x6e;
const Q_QUERY = 0x51, S_SYNC = 0x53, H_FLUSH = 0x48, E_EXECUTE = 0x45, C_COPY_DONE = 0x63, F_COPY_FAIL = 0x66;

export class ProtocolState {
  readonly #sent = new Messages((type) => this.#onSent(type), false);
  readonly #heard = new Messages((type, payload) => this.#onHeard(type, payload), true);
  /** Answers owed that end with "ready for query". The startup is the first. */
  #owed = 1;
  /** A part of an answer that was asked for without its end: for a description, or for rows of a cursor. */
  #part: "description" | "rows" | null = null;
  #executed = false;
  /** From the server's word that it takes a COPY to its verdict on it. */
  #copying = false;
  #takesCopy = false;
  #greeted = false;
  #pid: number | null = null;

  /** `onCopyRefused` gets the SQLSTATE with which the server broke off a COPY. */
  constructor(private readonly onCopyRefused: (code: string) => void) {}

  sent(bytes: Uint8Array): void {
    this.#sent.follow(bytes);
  }

  heard(bytes: Uint8Array): void {
    this.#heard.follow(bytes);
  }

  /** Whether the server has something to say before the client has. */
  get isServersTurn(): boolean {
    return !this.#takesCopy && (this.#owed > 0 || this.#part !== null);
  }

  /** Whether the server has let the client in. */
  get isGreeted(): boolean {
    return this.#greeted;
  }

  /** The server's process as it names itself; a pooler makes up a number of its own. */
  get pid(): number | null {
    return this.#pid;
  }

  #onSent(type: number): void {
    if (type === Q_QUERY || type === S_SYNC) this.#owed++;
    else if (type === E_EXECUTE) this.#executed = true;
    else if (type === H_FLUSH) this.#part = this.#executed ? "rows" : "description";
    else if (type === C_COPY_DONE) this.#takesCopy = false;
    else if (type === F_COPY_FAIL) this.#takesCopy = this.#copying = false;
    if (type === Q_QUERY || type === S_SYNC || type === H_FLUSH) this.#executed = false;
  }

  #onHeard(type: number, payload: DataView): void {
    if (type === Z_READY) {
      this.#owed = Math.max(0, this.#owed - 1);
      this.#greeted = true;
      this.#copying = false;
    } else if (type === G_COPY_IN) this.#copying = this.#takesCopy = true;
    else if (type === K_KEY) this.#pid = payload.getInt32(0);
    else if (type === S_SUSPENDED || type === C_COMPLETE) this.#part = null;
    else if (type === E_ERROR) {
      this.#part = null;
      this.#takesCopy = false;
      if (this.#copying) this.onCopyRefused(sqlState(payload));
    } else if ((type === T_COLUMNS || type === N_NO_COLUMNS) && this.#part === "description") this.#part = null;
  }
}

/** The field C of an error, which follows its severity (PostgreSQL manual, "Error and Notice Message Fields"). */
function sqlState(payload: DataView): string {
  const text = new TextDecoder("latin1").decode(payload);
  return /\0C([0-9A-Z]{5})\0/.exec(text)?.[1] ?? "";
}

/** The first bytes of a message are looked at: type, length, and what of the payload anybody wants. */
const LOOKED_AT = 9;
const LOOKED_AT_ERROR = 200;

/** Cuts a stream of bytes into messages, whatever pieces it comes in. */
class Messages {
  readonly #head = new DataView(new ArrayBuffer(LOOKED_AT_ERROR));
  #length = 0;
  /** Bytes of this message that are still to come. */
  #rest = 0;

  /** `typed`: the first message has a type, too; a client's startup message has none. */
  constructor(private readonly tell: (type: number, payload: DataView) => void, private typed: boolean) {}

  follow(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      if (this.#length < 5) {
        if (!this.typed && this.#length === 0) this.#head.setUint8(this.#length++, 0);
        this.#head.setUint8(this.#length++, bytes[at++]);
        if (this.#length === 5) this.#rest = Math.max(0, this.#head.getUint32(1) - 4);
      } else {
        const step = Math.min(this.#rest, bytes.length - at);
        const lookedAt = this.#head.getUint8(0) === E_ERROR ? LOOKED_AT_ERROR : LOOKED_AT;
        for (let from = at; this.#length < lookedAt && from < at + step;) {
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
