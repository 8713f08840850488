/** Calls the service with the token, at URLs relative to the page. Every error becomes an ApiError. */
import { sentence } from "./words.js";

/** @typedef {import("./session.js").Session} Session */
/** @typedef {import("./session.js").Holder} Holder */
/** @typedef {{ key: string, message: string }} FieldError */

/** The content of a problem document. The status 0 means that the service did not respond. */
export class ApiError extends Error {
  /**
   * @param {number} status
   * @param {string} detail
   * @param {readonly FieldError[]} [errors]
   * @param {number | null} [retryAfter]
   */
  constructor(status, detail, errors = [], retryAfter = null) {
    super(detail);
    this.name = "ApiError";
    this.status = status;
    this.errors = errors;
    this.retryAfter = retryAfter;
  }

  /** Whether a later retry may succeed without any changes. */
  get passes() {
    return this.status === 0 || this.status === 503;
  }
}

/**
 * @typedef {object} Question
 * @property {unknown} [json]
 * @property {Blob} [file]
 * @property {Record<string, string>} [headers]
 * @property {AbortSignal} [signal]
 */

export class Api {
  /**
   * @param {Session} session
   * @param {() => void} onSignedOut Called when the token is no longer valid.
   */
  constructor(session, onSignedOut) {
    this.session = session;
    this.onSignedOut = onSignedOut;
  }

  /**
   * @param {string} method
   * @param {string} path Relative, such as `imports/12`.
   * @param {Question} [question]
   * @returns {Promise<Response>}
   */
  async ask(method, path, question = {}) {
    const response = await send(method, path, this.session.token ?? "", question);
    if (response.ok) return response;
    if (response.status === 401) this.onSignedOut();
    throw await refusal(response);
  }

  /**
   * @param {string} path
   * @param {AbortSignal} [signal]
   * @returns {Promise<any>}
   */
  async get(path, signal) {
    return await (await this.ask("GET", path, { signal })).json();
  }

  /**
   * @param {string} path
   * @param {Question} [question]
   * @returns {Promise<any>}
   */
  async post(path, question) {
    return await (await this.ask("POST", path, question)).json();
  }

  /**
   * Returns the name, role and rights of a token.
   * @param {string} token
   * @returns {Promise<Holder>}
   */
  async holder(token) {
    return await answer(await send("GET", "session", token, {}));
  }

  /**
   * Starts a session with the secret of a sign-in link.
   * @param {string} link
   * @returns {Promise<Holder & { token: string }>}
   */
  async startSession(link) {
    return await answer(await send("POST", "session", link, {}));
  }
}

/** @param {string} method @param {string} path @param {string} token @param {Question} question */
async function send(method, path, token, { json, file, headers, signal }) {
  /** @type {Record<string, string>} */
  const all = { authorization: `Bearer ${token}`, ...headers };
  if (json !== undefined) all["content-type"] = "application/merge-patch+json";
  if (file !== undefined) all["content-type"] = "application/octet-stream";
  try {
    const body = json === undefined ? file : JSON.stringify(json);
    return await fetch(path, { method, headers: all, body, signal, cache: "no-store", credentials: "omit" });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError(0, "The service is not responding.");
  }
}

/** @param {Response} response @returns {Promise<any>} */
async function answer(response) {
  if (!response.ok) throw await refusal(response);
  return await response.json();
}

/** @param {Response} response */
async function refusal(response) {
  const retryAfter = Number(response.headers.get("retry-after")) || null;
  try {
    const { detail, errors } = await response.json();
    return new ApiError(response.status, sentence(String(detail)), errors, retryAfter);
  } catch {
    return new ApiError(response.status, `The service answered with status ${response.status}.`, [], retryAfter);
  }
}
