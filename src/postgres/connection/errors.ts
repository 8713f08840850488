/** Classifies and explains database errors. */
import { codeOf, sqlState } from "../../runtime/errors.ts";

/** Codes that the driver, the system and `watched_socket.ts` use for a failed or lost connection. */
const CONNECTION_CODES = new Set(
  ("CONNECTION_CLOSED CONNECTION_DESTROYED CONNECTION_ENDED CONNECT_FAILED CONNECT_TIMEOUT ECONNREFUSED ECONNRESET EPIPE " +
    "ENOTFOUND EAI_AGAIN EHOSTUNREACH ENETUNREACH ETIMEDOUT LINK_FROZEN NO_PRIMARY NO_TLS OLD_PRIMARY TLS_FAILED")
    .split(" "),
);

/**
 * SQLSTATE classes: 08 connection, 28 login, 3D unknown database, 53 resources, 57P server starting or stopping, 58
 * disk. Single codes: 25006 read-only, 42501 missing right, 55000 database does not accept connections.
 */
const SERVER_STATES = /^(?:08|28|3D|53|57P|58)|^(?:25006|42501|55000)$/;

/** Whether the error means that the database cannot run any statement at the moment. */
export function isDatabaseUnreachable(error: unknown): boolean {
  return CONNECTION_CODES.has(codeOf(error)) || SERVER_STATES.test(sqlState(error) ?? "");
}

export function isServerAlive(error: unknown): boolean {
  // A pooler reports classes 08 and 57P while its server is down.
  return /^(?!08|57P)./.test(sqlState(error) ?? "");
}

const LOST = "the connection to the server was lost";
const NOT_FOUND = "the host in DATABASE_URL cannot be found";
const RESTARTING = "the server is starting or stopping";
const REJECTED = "the server rejects the user name or password in DATABASE_URL";
const TIMED_OUT = "the server did not answer in time";

const EXPLANATIONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "no server answers at the address in DATABASE_URL",
  ENOTFOUND: NOT_FOUND,
  EAI_AGAIN: NOT_FOUND,
  CONNECT_TIMEOUT: TIMED_OUT,
  ETIMEDOUT: TIMED_OUT,
  CONNECTION_CLOSED: LOST,
  CONNECTION_DESTROYED: LOST,
  ECONNRESET: LOST,
  EPIPE: LOST,
  LINK_FROZEN: "the connection to the server is frozen: no data is arriving",
  NO_PRIMARY: "no server in DATABASE_URL accepts writes: the primary is down, and no standby has been promoted",
  OLD_PRIMARY: "the only server that accepts writes is an old primary: stop it, and start the new primary",
  NO_TLS: "the server does not offer TLS, but DATABASE_URL requires it (sslmode)",
  CONNECT_FAILED: "the server in DATABASE_URL is unreachable",
  TLS_FAILED: "TLS with the server in DATABASE_URL failed: check its certificate, sslmode and sslrootcert",
  "57P01": RESTARTING,
  "57P02": RESTARTING,
  "57P03": RESTARTING,
  "28P01": REJECTED,
  "28000": REJECTED,
  "3D000": "the database in DATABASE_URL does not exist: create it",
  "55000": "the database in DATABASE_URL is not accepting connections",
  "53100": "the server's disk is full",
  "53300": "the server has no free connection for the user in DATABASE_URL",
  "25006": "the database is read-only",
  "42501": "the user in DATABASE_URL lacks a right",
};

/** Explains why the database cannot be used, without revealing values or secrets. */
export function explainDatabaseError(error: unknown): string {
  const code = codeOf(error);
  return EXPLANATIONS[code] ?? `the database cannot be used${code === "" ? "" : ` (${code})`}`;
}

/**
 * Explains an error as {@link explainDatabaseError} does, but may also name the server's certificate. Used for the log
 * and the command line.
 */
export function explainFully(error: unknown): string {
  const detail = ["TLS_FAILED", "CONNECT_FAILED"].includes(codeOf(error)) ? (error as Error).message : "";
  return detail === ""
    ? explainDatabaseError(error)
    : `${explainDatabaseError(error)}. ${detail[0].toUpperCase()}${detail.slice(1)}`;
}
