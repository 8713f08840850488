/** What an error of the database means for everybody else. Errors are recognised by code, never by their text. */
import { codeOf, sqlState } from "../../runtime/errors.ts";

/** What `postgres` and the system say of a connection that cannot be made or is gone. */
const CONNECTION_CODES = new Set([
  "CONNECTION_CLOSED",
  "CONNECTION_DESTROYED",
  "CONNECTION_ENDED",
  "CONNECT_FAILED",
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
 * SQLSTATE classes: 08 connection, 28 login, 3D no such database, 53 no resources (disk full, too many connections), 57P the
 * server goes down or up, 58 its disk; and single ones: read-only, rights missing, a database that lets nobody in.
 */
const SERVER_STATES = /^(?:08|28|3D|53|57P|58)|^(?:25006|42501|55000)$/;

/** Whether the database cannot be used at all for now, whatever is asked of it. */
export function isDatabaseUnreachable(error: unknown): boolean {
  return CONNECTION_CODES.has(codeOf(error)) || SERVER_STATES.test(sqlState(error) ?? "");
}

/** Whether the error is a word of the server's about itself, so that somebody is there. */
export function isServerAlive(error: unknown): boolean {
  // Of the classes 08 and 57P the server, or a pooler, says that nobody is.
  return /^(?!08|57P)./.test(sqlState(error) ?? "");
}

/** A sentence for people about why the database cannot be used; it never quotes a value or a secret. */
export function explainDatabaseError(error: unknown): string {
  const code = codeOf(error);
  switch (code) {
    case "ECONNREFUSED":
      return "no server answers at the address of DATABASE_URL";
    case "CONNECT_FAILED":
      return "the server of DATABASE_URL cannot be connected to";
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return "the host of DATABASE_URL cannot be found";
    case "CONNECT_TIMEOUT":
    case "ETIMEDOUT":
      return "the server does not answer in time";
    case "CONNECTION_CLOSED":
    case "CONNECTION_DESTROYED":
    case "ECONNRESET":
    case "EPIPE":
      return "the connection to the server was lost";
    case "LINK_FROZEN":
      return "the connection to the server froze: nothing came through it any more";
    case "NO_TLS":
      return "the server offers no TLS, and DATABASE_URL asks for it (sslmode)";
    case "TLS_FAILED":
      return "TLS with the server of DATABASE_URL cannot be set up: check its certificate, sslmode and sslrootcert";
    case "57P01":
    case "57P02":
    case "57P03":
      return "the server is stopping or starting";
    case "28P01":
    case "28000":
      return "the server refuses the user or the password of DATABASE_URL";
    case "3D000":
      return "the database of DATABASE_URL does not exist: create it";
    case "55000":
      return "the database of DATABASE_URL lets nobody in now";
    case "53100":
      return "the disk of the server is full";
    case "53300":
      return "the server has no connections left";
    case "25006":
      return "the database is read-only";
    case "42501":
      return "the user of DATABASE_URL lacks a right: grant it CREATE on the database, or make it the owner";
    default:
      return code === "" ? "the database cannot be used" : `the database cannot be used (${code})`;
  }
}

/** The same for the log and for the command line, which may name the certificate of the server. */
export function explainFully(error: unknown): string {
  const detail = ["TLS_FAILED", "CONNECT_FAILED"].includes(codeOf(error)) ? (error as Error).message : "";
  return detail === ""
    ? explainDatabaseError(error)
    : `${explainDatabaseError(error)}. ${detail[0].toUpperCase()}${detail.slice(1)}`;
}
