/** RFC 9457 problem documents, the format of every error response. */
import { STATUS_CODES } from "node:http";

/** One error in a request. `key` is a dotted setting or a parameter, such as `smtp.port` or `limit`. */
export interface FieldError {
  key: string;
  message: string;
}

export interface ProblemExtras {
  errors?: readonly FieldError[];
  problems?: readonly { code: string; text: string }[];
  id?: string;
  headers?: Record<string, string>;
}

/**
 * Ends a request with a problem document. `detail` describes the problem and the remedy. The text begins in lower case
 * and has no final period: commands print it after a colon, and the admin page turns it into a sentence.
 */
export class Problem extends Error {
  override readonly name = "Problem";
  constructor(readonly status: number, readonly detail: string, readonly extras: ProblemExtras = {}) {
    super(detail);
  }

  response(): Response {
    return new Response(this.#body(), { status: this.status, headers: this.#headers() });
  }

  /** The whole response as text, to be written directly to a socket. The connection ends after this response. */
  asText(): string {
    const body = this.#body();
    const headers = {
      ...this.#headers(),
      "content-length": new TextEncoder().encode(body).length,
      connection: "close",
    };
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    return `HTTP/1.1 ${this.status} ${this.#title}\r\n${lines.join("")}\r\n${body}`;
  }

  get #title(): string {
    return STATUS_CODES[this.status] ?? "Error";
  }

  #headers(): Record<string, string> {
    return { "content-type": "application/problem+json", ...this.extras.headers };
  }

  #body(): string {
    const { headers: _, ...members } = this.extras;
    const document = { type: "about:blank", title: this.#title, status: this.status, detail: this.detail, ...members };
    return JSON.stringify(document);
  }
}
