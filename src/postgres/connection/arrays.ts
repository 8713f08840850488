/** Array types. The driver's own look-up crashes the process if the connection is lost during it (measured). */
import type postgres from "postgres";

const TEXTS = 1009, BIGINTS = 1016;

export const ARRAYS = {
  texts: arrayType(TEXTS, String),
  bigints: arrayType(BIGINTS, Number),
};

function arrayType<T>(oid: number, parse: (text: string) => T): postgres.PostgresType<(T | null)[]> {
  return { to: oid, from: [oid], serialize, parse: (text: string) => elements(text, parse) };
}

/** `{"a","b \\"c\\"",null}` (PostgreSQL manual, "Array Input and Output Syntax"). */
function serialize(values: unknown): unknown {
  // A literal written by hand is sent unchanged.
  if (!Array.isArray(values)) return values;
  return `{${values.map((value) => value === null ? "null" : `"${escaped(String(value))}"`).join(",")}}`;
}

function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"');
}

const ELEMENT = /"((?:[^"\\]|\\.)*)"|[^{},]+/gs;

/** Parses an array of one dimension. */
function elements<T>(text: string, parse: (text: string) => T): (T | null)[] {
  return Array.from(text.matchAll(ELEMENT), ([plain, quoted]) => {
    if (quoted !== undefined) return parse(quoted.replaceAll(/\\(.)/gs, "$1"));
    return plain === "NULL" ? null : parse(plain);
  });
}
