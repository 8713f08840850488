/** Plans an import: the steps from staged records to the tables `plan` and `missing`. It changes no users. */
import { guards, type Losses, reasonToHold } from "../../domain/guard.ts";
import type { Warning } from "../../domain/outcome.ts";
import type { Settings } from "../../domain/settings.ts";
import type { Header } from "../../importer/checks/header.ts";
import type { PlanSummary } from "../../importer/ports.ts";
import { notWholeWarning } from "../../importer/warnings.ts";
import type { Tx } from "../connection/connect.ts";
import { type ImportQueries, withValues } from "./queries.ts";

export interface Plan {
  summary: PlanSummary;
  /** Whether a value may move from one user to another. */
  contested: boolean;
}

export class Planner {
  constructor(private readonly context: { header: Header; settings: Settings; queries: ImportQueries }) {}

  /** Plans for the current users. `hasPossibleDuplicates`: whether a value may be in more than one record. */
  async plan(tx: Tx, hasPossibleDuplicates: boolean): Promise<Plan> {
    if (hasPossibleDuplicates) await tx.unsafe(`${this.context.queries.findRepeats}; analyze repeats`);
    return await this.#plan(tx);
  }

  async replan(tx: Tx): Promise<Plan> {
    await tx.unsafe("truncate plan, claims, taken, missing, archived");
    return await this.#plan(tx);
  }

  async #plan(tx: Tx): Promise<Plan> {
    const { makePlan, findClaims, refuseTaken, dropRefused, noteArchived, holdLosses } = this.context.queries;
    const { archive_inactive_users, missing_users } = this.context.settings;
    const plan = withValues(makePlan, archive_inactive_users, missing_users === "archive");
    await tx.unsafe(`${plan}; analyze plan (line, unique_id, transition, claims_user_name, claims_email)`);
    const claims = await tx.unsafe(findClaims);
    if (claims.count > 0) {
      await tx.unsafe("analyze claims");
      await tx.unsafe(refuseTaken);
      await tx.unsafe(dropRefused);
    }
    const warnings = missing_users === "archive" ? await this.#findMissing(tx) : [];
    const hold = await this.#reasonToHold(tx);
    if (hold !== null) await tx.unsafe(holdLosses);
    await tx.unsafe(noteArchived);
    return { summary: { warnings, hold }, contested: claims.count > 0 };
  }

  /** Finds users who are missing from the roster, unless the roster may be incomplete. */
  async #findMissing(tx: Tx): Promise<Warning[]> {
    const [{ unreadable, first_line, applies }] = await tx.unsafe(this.context.queries.findUnreadable);
    const own = this.context.header.own.length > 0;
    const warning = notWholeWarning({ own, unreadable, firstLine: first_line, applies });
    if (warning !== null) return [warning];
    await tx.unsafe(this.context.queries.findMissing);
    await tx.unsafe("analyze missing");
    return [];
  }

  /** The guard's reason to hold losses; null if it lets everything happen. */
  async #reasonToHold(tx: Tx): Promise<string | null> {
    const { archive_guard } = this.context.settings;
    if (!guards(archive_guard)) return null;
    const losses = await tx.unsafe<Omit<Losses, "active">[]>(this.context.queries.countLosses);
    const all = losses.find(({ login_source }) => login_source === null);
    if (all === undefined || all.losing === 0) return null;
    const [open] = await tx`select min(id) as id from rosterd.imports where hold_state = 'open'`;
    const active = await tx.unsafe<Pick<Losses, "login_source" | "active">[]>(this.context.queries.countActive);
    const activeOf = new Map(active.map((row) => [row.login_source, row.active]));
    const weighed = losses.map((one) => ({ ...one, active: activeOf.get(one.login_source) ?? 0 }));
    return reasonToHold(archive_guard, open.id, weighed);
  }
}
