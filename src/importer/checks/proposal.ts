/** Makes a change of settings of the suggestions for a roster, to try it and to offer it. Pure: a person confirms it. */
import { addToPatch, type JsonObject, mergePatch } from "../../domain/merge_patch.ts";
import type { Proposal, RosterFinding } from "../../domain/roster_finding.ts";
import type { Settings } from "../../domain/settings.ts";
import { validSettings } from "./valid_settings.ts";

/** The patch of all suggestions; null without one. */
export function proposalOf(findings: readonly RosterFinding[]): Proposal | null {
  const patch: JsonObject = {};
  for (const { setting, suggestion } of findings) {
    if (setting !== null && suggestion !== null) addToPatch(patch, setting, suggestion);
  }
  return Object.keys(patch).length === 0 ? null : { patch };
}

export function withProposal(settings: Settings, { patch }: Proposal): Settings {
  return validSettings(mergePatch(settings, patch));
}

/**
 * The questions of two rounds. The second one asks only what the first one did not. A header that was suggested for one of the
 * columns in `misread` is not suggested after all.
 */
export function joinFindings(
  first: readonly RosterFinding[],
  second: readonly RosterFinding[],
  misread: ReadonlySet<string> = new Set(),
): RosterFinding[] {
  const keyOf = ({ kind, header, column, setting }: RosterFinding) => JSON.stringify(setting ?? [kind, header, column]);
  const asked = new Set(first.map(keyOf));
  const joined = [...first, ...second.filter((finding) => !asked.has(keyOf(finding)))];
  const isHeader = ({ kind }: RosterFinding) => kind === "unknown_header";
  const wrong = new Set(
    first.filter((one) => isHeader(one) && misread.has(one.suggestion ?? "")).map((one) => one.header),
  );
  return joined.filter((one) => isHeader(one) || one.header === null || !wrong.has(one.header))
    .map((one) => isHeader(one) && wrong.has(one.header) ? { ...one, suggestion: null } : one);
}
