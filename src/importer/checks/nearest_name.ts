/** Guesses which column an unknown header refers to. The guess is used only in messages and suggestions. */
import { COLUMNS, foldHeader } from "../../domain/columns.ts";
import { nearest } from "../../runtime/nearest.ts";

export interface NearName {
  name: string;
  column: string;
}

/** The known name closest to a header; null if no name is close enough. */
export function nearestName(header: string): NearName | null {
  const named = COLUMNS.flatMap(({ name, otherNames }) =>
    [name, ...otherNames].map((own) => ({ name: own, column: name }))
  );
  const found = nearest(foldHeader(header), named.map(({ name }) => foldHeader(name)));
  return named.find(({ name }) => foldHeader(name) === found) ?? null;
}
