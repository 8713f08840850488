/** What a database error means for its callers. */
import { codeOf, sqlState } from "../../runtime/errors.ts";

/** Codes of the driver, the system and `watched_socket.ts` for a failed or lost connection. */
const CONNECTION_CODES = new Set([
  "CONNECTION_CLOSED",
  "CONNECTION_DESTROYED",
  "CONNECTION_ENDED",
  "CONNECT_TIMEOUT",
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ETIMEDOUT",
  "LINK_FROZEN",
  "NO_TLS",
  "TLS_FAILED",
]);

/**
 * SQLSTATE classes: 08 connection, 28 login, 3D unknown database, 53 resources, 57P server starting or stopping, 58 disk. Single
 * codes: 25006 read-only, 42501 missing right, 55000 database does not accept connections.
 */
const SERVER_STATES = /^(?:08|28|3D|53|57P|58)|^(?:25006|42501|55000)$/;

/** Whether the database is unusable for now, for any statement. */
export function isDatabaseUnreachable(error: unknown): boolean {
  return CONNECTION_CODES.has(codeOf(error)) || SERVER_STATES.test(sqlState(error) ?? "");
}

/** Whether the error comes from a server that runs. */
export function isServerAlive(error: unknown): boolean {
  // A pooler reports classes 08 and 57P while its server is down.
  return /^(?!08|57P)./.test(sqlState(error) ?? "");
}

/** Says why the database cannot be used, without values or secrets. */
export function explainDatabaseError(error: unknown): string {
  const code = codeOf(error);
  switch (code) {
    case "ECONNREFUSED":
      return "no server answers at the address in DATABASE_URL";
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return "the host in DATABASE_URL cannot be found";
    case "CONNECT_TIMEOUT":
    case "ETIMEDOUT":
      return "the server did not answer in time";
    case "CONNECTION_CLOSED":
    case "CONNECTION_DESTROYED":
    case "ECONNRESET":
    case "EPIPE":
      return "the connection to the server was lost";
    case "LINK_FROZEN":
      return "the connection to the server froze: no more data came through";
    case "NO_TLS":
      return "the server does not offer TLS, but DATABASE_URL requires it (sslmode)";
    case "TLS_FAILED":
      return "TLS with the server in DATABASE_URL failed: check its certificate and sslmode";
    case "57P01":
    case "57P02":
    case "57P03":
      return "the server is starting or stopping";
    case "28P01":
    case "28000":
      return "the server rejects the user or password in DATABASE_URL";
    case "3D000":
      return "the database in DATABASE_URL does not exist: create it";
    case "55000":
      return "the database in DATABASE_URL does not accept connections now";
    case "53100":
      return "the server's disk is full";
    case "53300":
      return "the server has no free connections";
    case "25006":
      return "the database is read-only";
    case "42501":
      return "the user in DATABASE_URL lacks a right: grant it CREATE on the database, or make it the owner";
    default:
      return code === "" ? "the database cannot be used" : `the database cannot be used (${code})`;
  }
}
