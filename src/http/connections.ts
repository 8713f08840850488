/** Tracks the open connections of the HTTP interface and limits their number. */
import type { Socket } from "node:net";
import type { Connection } from "./connection.ts";

export class Connections {
  /** The connections, least recently used first. */
  readonly #open = new Map<Socket, Connection>();
  #onAllAnswered: (() => void) | null = null;

  constructor(private readonly max: number) {}

  /** The number of requests, on all connections, that have not been answered completely. */
  get pending(): number {
    return this.#open.values().reduce((sum, { pending }) => sum + pending, 0);
  }

  of(socket: Socket): Connection | undefined {
    return this.#open.get(socket);
  }

  /**
   * Adds a connection. At the limit, closes another connection to make room. If all connections must stay open, refuses
   * the new one.
   */
  add(connection: Connection): void {
    const { socket } = connection;
    if (this.#open.size >= this.max && !this.#makeRoom()) return void socket.destroy();
    this.#open.set(socket, connection);
    socket.once("close", () => this.#remove(socket));
  }

  /** Marks a connection as the most recently used one, which is closed last. */
  touch(connection: Connection): void {
    if (this.#open.delete(connection.socket)) this.#open.set(connection.socket, connection);
    this.#checkAnswered();
  }

  destroyIdle(): void {
    for (const { socket, pending } of this.#open.values()) if (pending === 0) this.#destroy(socket);
  }

  destroyAll(): void {
    for (const socket of this.#open.keys()) this.#destroy(socket);
  }

  /** Resolves when no request is in progress. */
  async allAnswered(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onAllAnswered = resolve;
    this.#checkAnswered();
    await promise;
  }

  /**
   * Closes the connection that has been idle longest. If no connection is idle, closes one whose client is not reading
   * its response. Never closes a connection whose client is waiting for a response.
   */
  #makeRoom(): boolean {
    const all = [...this.#open.values()];
    const leaving = all.find(({ pending }) => pending === 0) ?? all.find(({ isSending }) => isSending);
    if (leaving !== undefined) this.#destroy(leaving.socket);
    return leaving !== undefined;
  }

  /** Removes the socket from the count at once, because its "close" event comes only after a turn of the event loop. */
  #destroy(socket: Socket): void {
    this.#remove(socket);
    socket.destroy();
  }

  #remove(socket: Socket): void {
    this.#open.delete(socket);
    this.#checkAnswered();
  }

  #checkAnswered(): void {
    if (this.pending === 0) this.#onAllAnswered?.();
  }
}
