/** Plans an import: fills the tables `plan` and `missing` from the staged records. Changes no users. */
import type { Losses } from "../../domain/decision.ts";
import { guards, lossesToHold, reasonToHold } from "../../domain/guard.ts";
import type { Warning } from "../../domain/outcome.ts";
import type { Settings } from "../../domain/settings.ts";
import { feedsOf } from "../../domain/feed_settings.ts";
import type { Findings } from "../../importer/checks/findings.ts";
import type { Header } from "../../importer/checks/header.ts";
import type { HeldAccess, PlanSummary } from "../../importer/ports.ts";
import {
  graceWarnings,
  keptByOtherFeedWarning,
  keptWarning,
  notWholeWarning,
  otherPersonWarning,
} from "../../importer/warnings.ts";
import type { Tx } from "../connection/connect.ts";
import { weighChanges } from "./mass_changes.ts";
import { type ImportQueries, withValues } from "./queries.ts";
import type { StagedFacts } from "./staging.ts";
import type { UnchangedStore } from "./unchanged_store.ts";

export interface Plan {
  summary: PlanSummary;
  /** Whether a unique value may move from one user to another. */
  contested: boolean;
  /** Whether archived users give up values to other users. */
  givesUp: boolean;
  /** Whether the plan archives users, whose permits are then released. */
  archives: boolean;
  /** The number of unknown ids that would be known with leading zeros, and a description of the first one. */
  lostZeros: { count: number; example: string };
}

export interface PlanContext {
  header: Header;
  settings: Settings;
  queries: ImportQueries;
  /** The columns that an admin has approved for this file. The change guard ignores these columns. */
  waived: readonly string[];
}

export class Planner {
  /** Whether the table of users was empty before this import created users directly. */
  #isFirst = false;

  /** The number of records, all of known users, that were skipped because of the unchanged-record cache. */
  #skipped = 0;

  /** Which users may be missing. */
  #unmet: "none" | "listed" | "any" = "any";

  /** `unchanged` is null if no records are skipped. */
  constructor(
    private readonly context: PlanContext,
    private readonly unchanged: UnchangedStore | null,
  ) {}

  /** Plans against the current users. `findings` collects unique_ids that have lost leading zeros. */
  async plan(tx: Tx, { created, skipped, hasPossibleDuplicates }: StagedFacts, findings: Findings): Promise<Plan> {
    this.#isFirst = created > 0;
    this.#skipped = skipped;
    if (this.#isFirst) this.#unmet = "none";
    else if (this.context.settings.missing_users === "archive") {
      this.#unmet = await this.unchanged?.findUnmet() ?? "any";
    }
    if (hasPossibleDuplicates) await tx.unsafe(`${this.context.queries.findRepeats}; analyze repeats`);
    const plan = await this.#plan(tx);
    const { lostZeros: { count, example } } = plan;
    if (count > 0) findings.addDamaged(count, example);
    return plan;
  }

  async replan(tx: Tx): Promise<Plan> {
    // Entries for lost zeros are kept, because their records already have this problem.
    await tx.unsafe("truncate plan, claims, taken, missing, archived; delete from overruled where name <> 'unique_id'");
    return await this.#plan(tx);
  }

  async #plan(tx: Tx): Promise<Plan> {
    const { findOldIds, makePlan, findClaims, noteArchived, holdLosses } = this.context.queries;
    const { archive_inactive_users, missing_users, release_permits_after_days } = this.context.settings;
    const plan = withValues(
      makePlan,
      archive_inactive_users,
      missing_users === "archive",
      release_permits_after_days > 0,
    );
    if (findOldIds !== null) await tx.unsafe(findOldIds);
    await tx.unsafe(`${plan}; analyze plan (line, unique_id, transition, claims_user_name, claims_email)`);
    const lostZeros = await this.#findLostZeros(tx);
    const { count: contested } = await tx.unsafe(findClaims);
    const givesUp = contested > 0 && await this.#decideClaims(tx);
    const warnings = [
      ...await this.#findKept(tx),
      ...(missing_users === "archive" ? await this.#findMissing(tx) : []),
      ...await this.#findKeptByOtherFeed(tx),
      ...await this.#findOtherPeople(tx),
    ];
    const { queries, settings: { change_guard: guard }, waived } = this.context;
    const changes = this.#isFirst ? null : await weighChanges(tx, { queries, guard, waived, skipped: this.#skipped });
    await this.#findDue(tx);
    const hold = await this.#heldAccess(tx);
    if (hold !== null) await tx.unsafe(holdLosses);
    // While the file is held, no user begins to wait.
    if (changes === null) warnings.push(...await this.#countWaiting(tx));
    const { count: archived } = await tx.unsafe(noteArchived);
    const summary = { warnings, hold, changes };
    return { summary, contested: contested > 0, givesUp, archives: archived > 0, lostZeros };
  }

  /** Refuses claims and drops their records from the plan. Resolves to true if archived users give up values. */
  async #decideClaims(tx: Tx): Promise<boolean> {
    const { refuseTaken, dropRefused, settleGivers } = this.context.queries;
    await tx.unsafe("analyze claims");
    await tx.unsafe(refuseTaken);
    await tx.unsafe(dropRefused);
    const answers = await tx.unsafe(settleGivers) as unknown as { givers: number }[][];
    return answers[answers.length - 1][0].givers > 0;
  }

  async #findLostZeros(tx: Tx): Promise<Plan["lostZeros"]> {
    const { detect_spreadsheet_damage } = this.context.settings;
    if (this.#isFirst || !detect_spreadsheet_damage) return { count: 0, example: "" };
    const [{ count, example }] = await tx.unsafe(this.context.queries.findLostZeros);
    return { count, example };
  }

  /** Finds the values that users keep because of `fill_only_columns` or another feed. */
  async #findKept(tx: Tx): Promise<Warning[]> {
    const { findKept } = this.context.queries;
    if (findKept === null) return [];
    await tx.unsafe(findKept);
    const kept = await tx<{ name: string; users: number }[]>`
      select name, count(*) as users from overruled where name <> 'unique_id' group by name order by name`;
    return kept.map(({ name, users }) => keptWarning(name, users));
  }

  /** Counts the users who keep access only because of another feed. */
  async #findKeptByOtherFeed(tx: Tx): Promise<Warning[]> {
    if (feedsOf(this.context.settings).length === 1) return [];
    const [{ users }] = await tx`
      select (select count(*) from plan where kept) + (select count(*) from missing where effect = 'kept' and said) as users`;
    return users === 0 ? [] : [keptByOtherFeedWarning(users)];
  }

  /** Finds users who are missing from the roster, unless the roster may be incomplete. */
  async #findMissing(tx: Tx): Promise<Warning[]> {
    const [{ unreadable, first_line, applies }] = await tx.unsafe(this.context.queries.findUnreadable);
    const own = this.context.header.own.length > 0;
    const skips = this.#unmet !== "any";
    const warning = notWholeWarning({ own, unreadable, firstLine: first_line, applies: applies || skips });
    if (warning !== null) return [warning];
    if (this.#unmet === "none") return [];
    await tx.unsafe(
      withValues(this.context.queries.findMissing, skips, this.context.settings.release_permits_after_days),
    );
    await tx.unsafe("analyze missing");
    return [];
  }

  /** Finds users whose id seems to have been given to another person. */
  async #findOtherPeople(tx: Tx): Promise<Warning[]> {
    const { queries, header } = this.context;
    const names = header.present.map(({ column }) => column.databaseName);
    if (this.#isFirst || !names.includes("last_name") || !names.includes("date_of_birth")) return [];
    const [{ users, first_line }] = await tx.unsafe(queries.findOtherPeople);
    return users === 0 ? [] : [otherPersonWarning(users, first_line)];
  }

  /** Finds users whose grace period is over, except those who are missing anyway. */
  async #findDue(tx: Tx): Promise<void> {
    const { archive_inactive_users, release_permits_after_days } = this.context.settings;
    if (this.#isFirst || !archive_inactive_users || release_permits_after_days === 0) return;
    await tx.unsafe(withValues(this.context.queries.findDue, release_permits_after_days));
  }

  /** Counts the users who begin waiting to be archived, and those whose wait is over. */
  async #countWaiting(tx: Tx): Promise<Warning[]> {
    const { release_permits_after_days: days } = this.context.settings;
    if (days === 0) return [];
    const [{ begun, over }] = await tx`
      select (select count(*) from plan where waits) + count(*) filter (where effect = 'disable' and inactive_since is null) as begun,
        count(*) filter (where effect = 'archive') as over
      from missing where not held`;
    return graceWarnings(days, begun, over);
  }

  /** Returns why the archive guard holds losses of access, and the losses; null if it holds none. */
  async #heldAccess(tx: Tx): Promise<HeldAccess | null> {
    const { archive_guard } = this.context.settings;
    if (!guards(archive_guard)) return null;
    const losses = await tx.unsafe<Omit<Losses, "active">[]>(this.context.queries.countLosses);
    const all = losses.find(({ feed, login_source }) => feed === null && login_source === null);
    if (all === undefined || all.losing === 0) return null;
    const [open] = await tx`
      select min(id) as id from rosterd.imports where hold_state = 'open' and hold_kind is distinct from 'changes'`;
    const active = await tx.unsafe<Pick<Losses, "feed" | "login_source" | "active">[]>(
      this.context.queries.countActive,
    );
    const activeOf = ({ feed, login_source }: Pick<Losses, "feed" | "login_source">) =>
      active.find((row) => row.feed === feed && row.login_source === login_source)?.active ?? 0;
    const weighed = losses.map((one) => ({ ...one, active: activeOf(one) }));
    const reason = reasonToHold(archive_guard, open.id, weighed);
    return reason === null
      ? null
      : { reason, losses: open.id === null ? [...lossesToHold(archive_guard, weighed)] : [] };
  }
}
