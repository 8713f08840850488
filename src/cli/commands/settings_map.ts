/**
 * `rosterd settings map FILE`: asks what a sample's headers and values mean, then changes the settings accordingly.
 */
import { addToPatch } from "../../domain/merge_patch.ts";
import { isAsked, type RosterFinding } from "../../domain/roster_finding.ts";
import { openSettingsFile } from "../../host/settings_file.ts";
import type { CheckReport } from "../../importer/report.ts";
import { requireSuitable } from "../../postgres/connection/connect.ts";
import { PostgresImportStore } from "../../postgres/import/import_store.ts";
import { printable } from "../../runtime/log.ts";
import { withAccess } from "../access.ts";
import { changeOver, ownFile } from "../change_settings.ts";
import { ownCheck, serviceCheck } from "../check_operand.ts";
import { type Command, EMBEDDED_FLAG, FEED_FLAG, type Invocation, JSON_FLAG } from "../command.ts";
import { confirms } from "../confirm.ts";
import { feedOf } from "../feed_flag.ts";
import { operatingSystemUser } from "../operating_system_user.ts";
import { findingWords, printFindings } from "../print_findings.ts";
import { exitCodeOf, printReport } from "../print_report.ts";
import { feedInForce } from "../settings_in_force.ts";
import type { Terminal } from "../terminal.ts";

export const settingsMapCommand: Command = {
  words: "settings map",
  operands: { words: "FILE", min: 1, max: 1 },
  flags: { ...JSON_FLAG, ...FEED_FLAG, ...EMBEDDED_FLAG },
  summary: "set up an export: ask what its headers and values mean",
  help: "Checks a sample of an export, and asks what its unknown headers and failing values mean. Enter accepts the\n" +
    "suggestion in brackets; - skips the question. Shows the change, applies it if you confirm, and checks again.\n" +
    "Without a terminal, it prints the questions and the suggested change, and changes nothing. With --json, it prints\n" +
    "the check, and changes nothing.\n" +
    "--embedded checks against the embedded database, and creates the settings file if necessary.\n" +
    "The exit code is the same as for check, based on the problems that remain.",
  run: runMap,
};

/** The functions that check the sample and change the settings. */
interface Setup {
  check(): Promise<CheckReport>;
  change(patch: object): Promise<unknown>;
}

async function runMap(invocation: Invocation): Promise<number> {
  const { operands: [path], flags, config, clock } = invocation, feed = feedOf(flags);
  return await withAccess(
    invocation,
    async (database) => {
      await requireSuitable(database.sql);
      const file = flags.embedded ? openSettingsFile(config.settings, clock) : (await ownFile(invocation)).file;
      const store = new PostgresImportStore(database);
      return await setUp(invocation, {
        check: async () => await ownCheck(invocation, { store, ...await feedInForce(invocation) })(path),
        change: (patch) => file.patch(patch, undefined, operatingSystemUser()),
      });
    },
    (service) =>
      setUp(invocation, {
        check: () => serviceCheck(service, feed)(path),
        change: (patch) => changeOver(service, patch),
      }),
  );
}

async function setUp({ terminal, flags, signal }: Invocation, { check, change }: Setup): Promise<number> {
  const { out, err } = terminal;
  const report = await check();
  const { findings, proposal } = report;
  terminal.progress("");
  if (flags.json) {
    out(JSON.stringify(report, null, 2));
    return exitCodeOf([report]);
  }
  printReport(terminal, report, true);
  if (!terminal.canAsk) {
    printFindings(terminal, report);
    if (proposal !== null) out(JSON.stringify(proposal.patch, null, 2));
    return exitCodeOf([report]);
  }
  const patch = await new Interview(terminal, signal).patchFor(findings);
  if (patch === null) {
    err("rosterd: nothing was changed");
    return exitCodeOf([report]);
  }
  await change(patch);
  err(`rosterd: changed ${Object.keys(patch).join(", ")}`);
  const left = await check();
  terminal.progress("");
  printReport(terminal, left, true);
  printFindings(terminal, left);
  return exitCodeOf([left]);
}

/** Asks the questions on a terminal. */
class Interview {
  /** Maps each unknown header to its column, or to an empty string if the header is not used. */
  readonly #columnOf = new Map<string, string>();

  constructor(private readonly terminal: Terminal, private readonly signal: AbortSignal) {}

  /** Returns the confirmed patch, or null if the settings should stay unchanged. */
  async patchFor(findings: readonly RosterFinding[]): Promise<object | null> {
    const patch = {};
    for (const finding of await this.#wanted(findings)) {
      if (!isAsked(finding, this.#columnOf)) continue;
      const answer = await this.#answerTo(finding);
      if (answer === null) return null;
      if (finding.kind === "unknown_header") this.#columnOf.set(finding.header!, answer);
      if (answer !== "" && finding.setting !== null) addToPatch(patch, finding.setting, answer);
    }
    if (Object.keys(patch).length === 0) return null;
    this.terminal.out(JSON.stringify(patch, null, 2));
    return await confirms(this.terminal, "Apply this change?", this.signal) ? patch : null;
  }

  /** Asks about headers without a suggestion only on request, because most exports have columns that are not needed. */
  async #wanted(findings: readonly RosterFinding[]): Promise<readonly RosterFinding[]> {
    const isOpen = ({ kind, suggestion }: RosterFinding) => kind === "unknown_header" && suggestion === null;
    const open = findings.filter(isOpen);
    if (open.length === 0 || findings.some(({ setting }) => setting === null)) return findings;
    const names = open.map(({ header }) => `"${printable(header!)}"`).join(", ");
    const question = `These headers are not used: ${names}. Choose columns for them too?`;
    if (await confirms(this.terminal, question, this.signal)) return findings;
    return findings.filter((finding) => !isOpen(finding));
  }

  /** Returns an empty string for a skipped question, and null at the end of the input. */
  async #answerTo(finding: RosterFinding): Promise<string | null> {
    const { setting, suggestion, choices, is_guess } = finding;
    if (setting === null) {
      this.terminal.err(`${findingWords(finding)}: choose the header that corresponds to it`);
      return "";
    }
    const words = `${findingWords(finding)}${is_guess ? ", so this is a guess" : ""}. ${questionOf(finding)}`;
    for (let question = words;; question = `One of ${choices.join(", ")}, or - to skip it:`) {
      const typed = await this.terminal.ask(`${question} [${printable(suggestion ?? "-")}] `, this.signal);
      if (typed === null) return null;
      const answer = typed === "" ? suggestion ?? "-" : typed;
      if (answer === "-") return "";
      if (choices.length === 0 || choices.includes(answer)) return answer;
    }
  }
}

function questionOf({ kind, column }: RosterFinding): string {
  switch (kind) {
    case "unknown_header":
      return "Which column does this header mean?";
    case "missing_column":
    case "missing_value":
      return `Which value do users without ${column} get?`;
    case "opposite_value":
    case "value":
      return "What does this value mean?";
    case "date_format":
      return "Which format are these dates in?";
  }
}
