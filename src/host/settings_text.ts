/** Parses and prints the text of `settings.json`. Every problem includes its line, column and key. */
import {
  findNodeAtLocation,
  getLocation,
  type Node,
  type ParseError,
  parseTree,
  printParseErrorCode,
} from "jsonc-parser";
import { InvalidSettings } from "../domain/parse_settings.ts";
import type { Settings } from "../domain/settings.ts";
import { validSettings } from "../importer/checks/valid_settings.ts";
import { BrokenSettingsFile, type PlacedProblem } from "../domain/stored_settings.ts";

export function printSettings(settings: Settings): string {
  return JSON.stringify(settings, null, 2) + "\n";
}

/** Parses the bytes of a settings file. `path` is for messages only. Throws {@link BrokenSettingsFile}. */
export function readSettings(path: string, bytes: Uint8Array): Settings {
  const text = decode(path, bytes);
  const problems = syntaxProblems(text);
  if (problems.length > 0) throw new BrokenSettingsFile(path, problems);
  const tree = parseTree(text);
  const repeated = tree === undefined ? [] : repeatedKeys(text, tree);
  if (repeated.length > 0) throw new BrokenSettingsFile(path, repeated);
  try {
    return validSettings(JSON.parse(text));
  } catch (error) {
    if (!(error instanceof InvalidSettings)) throw error;
    const problems = error.problems.map(({ key, path, message }) => at(text, offsetOf(tree, path), key, message));
    throw new BrokenSettingsFile(path, problems.sort((a, b) => a.line - b.line || a.column - b.column));
  }
}

/** TextDecoder also removes a byte order mark. */
function decode(path: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new BrokenSettingsFile(path, [{ line: 1, column: 1, key: "", message: "must be UTF-8 text" }]);
  }
}

/** Returns only the first problem, because one syntax error leads to more errors that do not help the reader. */
function syntaxProblems(text: string): PlacedProblem[] {
  const errors: ParseError[] = [];
  parseTree(text, errors, { disallowComments: true, allowTrailingComma: false, allowEmptyContent: false });
  return errors.slice(0, 1).map(({ error, offset }) => {
    const what = SYNTAX_MESSAGES[printParseErrorCode(error)] ?? "the syntax is wrong";
    return at(text, offset, getLocation(text, offset).path.join("."), `is not valid JSON at this position: ${what}`);
  });
}

const SYNTAX_MESSAGES: Record<string, string> = {
  InvalidSymbol: "text must be in double quotes",
  InvalidNumberFormat: "this is not a number",
  PropertyNameExpected: "expected a key in double quotes",
  ValueExpected: "a value is expected",
  ColonExpected: "a colon is expected",
  CommaExpected: "a comma is expected",
  CloseBraceExpected: "a closing } is expected",
  CloseBracketExpected: "a closing ] is expected",
  EndOfFileExpected: "no text may follow the document",
  InvalidCommentToken: "comments are not allowed",
  UnexpectedEndOfComment: "comments are not allowed",
  UnexpectedEndOfString: "a string has no closing double quote",
  UnexpectedEndOfNumber: "a number is incomplete",
  InvalidUnicode: "a \\u escape needs four hexadecimal digits",
  InvalidEscapeCharacter: "this escape is not valid",
  InvalidCharacter: "a control character must be written as an escape",
};

function repeatedKeys(text: string, tree: Node, path: readonly string[] = []): PlacedProblem[] {
  const seen = new Set<string>();
  return (tree.children ?? []).flatMap((child, position) => {
    if (child.type !== "property") return repeatedKeys(text, child, [...path, String(position)]);
    const [name, value] = child.children!;
    const here = [...path, String(name.value)];
    const repeated = seen.has(name.value) ? [at(text, child.offset, here.join("."), "is set more than once")] : [];
    seen.add(name.value);
    return [...repeated, ...repeatedKeys(text, value, here)];
  });
}

/** The offset of a key in the text, or of the nearest enclosing object if the key is missing. */
function offsetOf(tree: Node | undefined, path: readonly PropertyKey[]): number {
  if (tree === undefined) return 0;
  for (let length = path.length; length > 0; length--) {
    const node = findNodeAtLocation(tree, path.slice(0, length) as (string | number)[]);
    if (node !== undefined) return node.parent?.type === "property" ? node.parent.offset : node.offset;
  }
  return tree.offset;
}

function at(text: string, offset: number, key: string, message: string): PlacedProblem {
  const lines = text.slice(0, offset).split(/\r\n|\r|\n/);
  return { line: lines.length, column: lines[lines.length - 1].length + 1, key, message };
}
