/** The driver's types, and the options for every connection. */
import postgres from "postgres";
import { STARTUP } from "../session.ts";

export type Sql = postgres.Sql<{ bigint: number }>;
export type Tx = postgres.TransactionSql<{ bigint: number }>;
export type Isolation = "read committed" | "repeatable read";

/** The session in which a transaction runs. */
export interface Session {
  /** Whether temporary tables can outlive a transaction. They cannot if a pooler lends the backend to other clients. */
  readonly isOwn: boolean;
  /** Whether an earlier transaction has created the tables of an import. */
  hasTables: boolean;
}

/** Parses bigint as a number, because all counts and ids are far below 2^53. */
const BIGINT: postgres.PostgresType<number> = { to: 20, from: [20], serialize: String, parse: Number };

/** The options of every connection. All statements are unnamed, so that connections work through a pooler. */
export const CONNECTION = {
  prepare: false,
  connect_timeout: 10,
  // The driver's own lookup of array types crashes the process if the connection is lost during it (measured).
  fetch_types: false,
  onnotice: () => {},
  connection: { application_name: "rosterd", ...STARTUP },
  types: { bigint: BIGINT, texts: arrayType(1009, String), bigints: arrayType(1016, Number) },
};

function arrayType<T>(oid: number, parse: (text: string) => T): postgres.PostgresType<(T | null)[]> {
  return { to: oid, from: [oid], serialize, parse: (text: string) => elements(text, parse) };
}

/** Formats an array as `{"a","b \\"c\\"",null}` (PostgreSQL manual, "Array Input and Output Syntax"). */
function serialize(values: unknown): unknown {
  // A value that is not an array is already an array literal.
  if (!Array.isArray(values)) return values;
  return `{${values.map((value) => value === null ? "null" : `"${escaped(String(value))}"`).join(",")}}`;
}

function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"');
}

const ELEMENT = /"((?:[^"\\]|\\.)*)"|[^{},]+/gs;

function elements<T>(text: string, parse: (text: string) => T): (T | null)[] {
  return Array.from(text.matchAll(ELEMENT), ([plain, quoted]) => {
    if (quoted !== undefined) return parse(quoted.replaceAll(/\\(.)/gs, "$1"));
    return plain === "NULL" ? null : parse(plain);
  });
}
