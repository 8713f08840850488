/**
 * Arrays as the driver sends and reads them. It could find out about all types of arrays by itself, but asks for them in a
 * statement of its own on each new connection, and breaks the process when that is lost meanwhile (measured).
 */
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
  // One that was written by hand goes as it is.
  if (!Array.isArray(values)) return values;
  return `{${values.map((value) => value === null ? "null" : `"${escaped(String(value))}"`).join(",")}}`;
}

function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"');
}

const ELEMENT = /"((?:[^"\\]|\\.)*)"|[^{},]+/gs;

/** Of one dimension. */
function elements<T>(text: string, parse: (text: string) => T): (T | null)[] {
  return Array.from(text.matchAll(ELEMENT), ([plain, quoted]) => {
    if (quoted !== undefined) return parse(quoted.replaceAll(/\\(.)/gs, "$1"));
    return plain === "NULL" ? null : parse(plain);
  });
}
