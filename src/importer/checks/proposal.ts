/** Combines the suggestions for a roster into one change to the settings, which a person must confirm. */
import { addToPatch, type JsonObject, mergePatch } from "../../domain/merge_patch.ts";
import type { Proposal, RosterFinding } from "../../domain/roster_finding.ts";
import type { Settings } from "../../domain/settings.ts";
import { validSettings } from "./valid_settings.ts";

/** A patch with all suggestions; null if the check has no suggestions. */
export function proposalOf(findings: readonly RosterFinding[]): Proposal | null {
  const patch: JsonObject = {};
  for (const { setting, suggestion } of findings) {
    if (setting !== null && suggestion !== null) addToPatch(patch, setting, suggestion);
  }
  return Object.keys(patch).length === 0 ? null : { patch };
}

/** Makes the questions of a check refer to the settings of the roster's feed. */
export function inFeed(feed: string, findings: readonly RosterFinding[]): RosterFinding[] {
  if (feed === "") return [...findings];
  return findings.map((one) => ({ ...one, setting: one.setting && ["feeds", feed, ...one.setting] }));
}

/** The settings of the roster's feed after the proposed change. */
export function withProposal(settings: Settings, { patch }: Proposal): Settings {
  // The settings of the feeds are left out, because they override the common settings, not the settings of this feed.
  const { feeds, ...own } = settings;
  return { ...validSettings(mergePatch(own, patch)), feeds };
}

/**
 * Joins the questions of two rounds and omits repeats. If a header was suggested for a column in `misread`, withdraws
 * the suggestion and the questions about the values under that header.
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
