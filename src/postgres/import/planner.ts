/** Plans an import: the steps from staged records to the tables `plan` and `missing`. It changes no users. */
import { guards, type Losses, reasonToHold } from "../../domain/guard.ts";
import type { Warning } from "../../domain/outcome.ts";
import type { Settings } from "../../domain/settings.ts";
import { feedsOf } from "../../domain/feed_settings.ts";
import type { Findings } from "../../importer/checks/findings.ts";
import type { Header } from "../../importer/checks/header.ts";
import type { PlanSummary } from "../../importer/ports.ts";
import { keptByOtherFeedWarning, keptWarning, notWholeWarning } from "../../importer/warnings.ts";
import type { Tx } from "../connection/connect.ts";
import { type ImportQueries, withValues } from "./queries.ts";
import type { StagedFacts } from "./staging.ts";
import type { UnchangedStore } from "./unchanged_store.ts";

export interface Plan {
  summary: PlanSummary;
  /** Whether a value may move from one user to another. */
  contested: boolean;
  /** Whether archived users give up values. */
  givesUp: boolean;
  /** Whether the plan archives users, whose permits are then released. */
  archives: boolean;
  /** The number of unknown ids that would be known with leading zeros, and the reason given for the first one. */
  lostZeros: { count: number; example: string };
}

export class Planner {
  /** Whether there were no users before this import created some directly. */
  #isFirst = false;

  /** Who may be missing. */
  #unmet: "none" | "listed" | "any" = "any";

  /** `unchanged` is null if no record is skipped. */
  constructor(
    private readonly context: { header: Header; settings: Settings; queries: ImportQueries },
    private readonly unchanged: UnchangedStore | null,
  ) {}

  /** Plans against the current users. `findings` collects unique_ids that have lost leading zeros. */
  async plan(tx: Tx, { created, hasPossibleDuplicates }: StagedFacts, findings: Findings): Promise<Plan> {
    this.#isFirst = created > 0;
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
    // Keep the entries for lost zeros, because their records already have that problem.
    await tx.unsafe("truncate plan, claims, taken, missing, archived; delete from overruled where name <> 'unique_id'");
    return await this.#plan(tx);
  }

  async #plan(tx: Tx): Promise<Plan> {
    const { findOldIds, makePlan, findClaims, noteArchived, holdLosses } = this.context.queries;
    const { archive_inactive_users, missing_users } = this.context.settings;
    const plan = withValues(makePlan, archive_inactive_users, missing_users === "archive");
    if (findOldIds !== null) await tx.unsafe(findOldIds);
    await tx.unsafe(`${plan}; analyze plan (line, unique_id, transition, claims_user_name, claims_email)`);
    const lostZeros = await this.#findLostZeros(tx);
    const { count: contested } = await tx.unsafe(findClaims);
    const givesUp = contested > 0 && await this.#decideClaims(tx);
    const warnings = [
      ...await this.#findKept(tx),
      ...(missing_users === "archive" ? await this.#findMissing(tx) : []),
      ...await this.#findKeptByOtherFeed(tx),
    ];
    const hold = await this.#reasonToHold(tx);
    if (hold !== null) await tx.unsafe(holdLosses);
    const { count: archived } = await tx.unsafe(noteArchived);
    return { summary: { warnings, hold }, contested: contested > 0, givesUp, archives: archived > 0, lostZeros };
  }

  /** Drops the records whose claims are refused. Resolves to whether archived users give up values. */
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

  /** Finds the values that users keep because of `fill_only_columns`. */
  async #findKept(tx: Tx): Promise<Warning[]> {
    const { findKept } = this.context.queries;
    if (findKept === null) return [];
    await tx.unsafe(findKept);
    const kept = await tx<{ name: string; users: number }[]>`
      select name, count(*) as users from overruled where name <> 'unique_id' group by name order by name`;
    return kept.map(({ name, users }) => keptWarning(name, users));
  }

  /** Counts the users who keep access that they would lose without another feed. */
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
    await tx.unsafe(withValues(this.context.queries.findMissing, skips));
    await tx.unsafe("analyze missing");
    return [];
  }

  /** Why the guard holds back losses of access; null if it lets everything through. */
  async #reasonToHold(tx: Tx): Promise<string | null> {
    const { archive_guard } = this.context.settings;
    if (!guards(archive_guard)) return null;
    const losses = await tx.unsafe<Omit<Losses, "active">[]>(this.context.queries.countLosses);
    const all = losses.find(({ feed, login_source }) => feed === null && login_source === null);
    if (all === undefined || all.losing === 0) return null;
    const [open] = await tx`select min(id) as id from rosterd.imports where hold_state = 'open'`;
    const active = await tx.unsafe<Pick<Losses, "feed" | "login_source" | "active">[]>(
      this.context.queries.countActive,
    );
    const activeOf = ({ feed, login_source }: Pick<Losses, "feed" | "login_source">) =>
      active.find((row) => row.feed === feed && row.login_source === login_source)?.active ?? 0;
    const weighed = losses.map((one) => ({ ...one, active: activeOf(one) }));
    return reasonToHold(archive_guard, open.id, weighed);
  }
}
