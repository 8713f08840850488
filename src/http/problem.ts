/** Errors as RFC 9457 problem documents: one form for every answer that is not a success. */
import { STATUS_CODES } from "node:http";

/** One thing that is wrong with what was sent. `key` as people write it: `smtp.port`, `limit`. */
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

/** Ends a request with a problem document. `detail` is a sentence for the person who asked. */
export class Problem extends Error {
  override readonly name = "Problem";
  constructor(readonly status: number, readonly detail: string, readonly extras: ProblemExtras = {}) {
    super(detail);
  }

  response(): Response {
    const { headers, ...members } = this.extras;
    const title = STATUS_CODES[this.status] ?? "Error";
    const document = { type: "about:blank", title, status: this.status, detail: this.detail, ...members };
    return new Response(JSON.stringify(document), {
      status: this.status,
      headers: { "content-type": "application/problem+json", ...headers },
    });
  }
}
