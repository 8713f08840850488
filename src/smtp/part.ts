/** The parts of an email. `plain_text.ts` and `html.ts` write them with the same content. */

/**
 * "bad": the file was not imported, or only part of it was. "decide": a person must act. "good": no action is
 * necessary.
 */
export type Tone = "bad" | "decide" | "good";

/** `note` is a second line, in small type. */
export type Cell = string | { text: string; note: string };

export type Part =
  /** The first sentence: the result or the decision to be made. */
  | { kind: "lead"; tone: Tone; text: string }
  | { kind: "text"; text: string }
  | { kind: "link"; text: string; url: string }
  | { kind: "heading"; text: string }
  | { kind: "list"; ordered: boolean; items: readonly string[] }
  /** Commands to type, each with the situation in which to type it. */
  | { kind: "commands"; items: readonly { when: string; command: string }[] }
  /** `right` lists the positions of right-aligned columns. */
  | { kind: "table"; head: readonly string[] | null; rows: readonly (readonly Cell[])[]; right: readonly number[] }
  | { kind: "foot"; text: string };

/** A highlighted paragraph. */
export const lead = (tone: Tone, text: string): Part => ({ kind: "lead", tone, text });
export const text = (text: string): Part => ({ kind: "text", text });
export const list = (items: readonly string[]): Part => ({ kind: "list", ordered: false, items });
export const steps = (items: readonly string[]): Part => ({ kind: "list", ordered: true, items });

/** The parts below a heading. If the list of parts is empty, the heading is omitted. */
export function section(heading: string, parts: readonly (Part | null)[]): Part[] {
  const given = parts.filter((part) => part !== null);
  return given.length === 0 ? [] : [{ kind: "heading", text: heading }, ...given];
}
