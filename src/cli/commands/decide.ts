/** `rosterd imports approve|discard|undo ID`: approves, discards or undoes an import (docs/people.md#hold). */
import { type Approved, type Discarded, type LeftOut, type Undone } from "../../domain/decision.ts";
import { BakFolder } from "../../inbox/bak/bak_folder.ts";
import { foldersOf } from "../../inbox/folders.ts";
import type { Database } from "../../postgres/connection/connect.ts";
import { discardHold } from "../../postgres/history/holds.ts";
import { PostgresImportStore } from "../../postgres/import/import_store.ts";
import { undoImport } from "../../postgres/history/undo.ts";
import { printable } from "../../runtime/log.ts";
import { counted, grouped } from "../../runtime/grouped.ts";
import { approve } from "../../service/approve.ts";
import { greatestIdIn } from "../greatest_id.ts";
import { withAccess } from "../access.ts";
import { type Command, CommandFailed, EXIT, type Invocation, JSON_FLAG, YES_FLAG } from "../command.ts";
import { ifNoSchema, importId, noSuchImport } from "./imports.ts";
import { isConfirmed } from "../confirm.ts";
import { operatingSystemUser } from "../operating_system_user.ts";
import { decidedWords } from "../print_hold.ts";
import { settingsInForce } from "../settings_in_force.ts";
import type { Terminal } from "../terminal.ts";

const MAX_LEFT_OUT_PRINTED = 20;

interface Decided {
  left_out: LeftOut[];
  left_out_total: number;
}

interface Decision<T extends Decided> {
  word: "approve" | "discard" | "undo";
  summary: string;
  help: string;
  /** Carries out the decision. Returns null for an unknown import. */
  carryOut: (database: Database, id: number, invocation: Invocation, by: string) => Promise<T | null>;
  past: string;
  /** The question that a person at a terminal must answer. */
  question?: (id: number) => string;
  /** Describes the result. */
  done: (result: T) => string[];
}

export const approveCommand = command<Approved>({
  word: "approve",
  past: "approved",
  question: (id) => `Approve import ${id}? This applies the held changes.`,
  summary: "approve the changes or the file that an import holds",
  help: "Archives or disables the users that this import holds, and releases the permits of those it archives.\n" +
    "Skips and lists users whose later records say otherwise.\n" +
    "If the import holds its whole file, applies the file from bak as of now, as a new import.",
  carryOut: approveOwn,
  done: ({ archived, disabled, permits_released, applied }) =>
    applied !== undefined
      ? [
        `its file was applied as import ${applied.import} (${applied.status}: ${decidedWords(applied.counts)})`,
      ]
      : [
        counted(archived, "user archived", "users archived"),
        ...orNothing(disabled, "user disabled", "users disabled"),
        counted(permits_released, "permit released", "permits released"),
      ],
});

export const discardCommand = command<Discarded>({
  word: "discard",
  past: "discarded",
  summary: "discard the changes that an import holds",
  help:
    "Ends the hold without changing anything. Held users keep access until another roster says otherwise; a held file\n" +
    "is not applied.",
  carryOut: (database, id, { signal }, by) => discardHold(database, id, signal, by),
  done: ({ discarded }) => orNothing(discarded, "user keeps access", "users keep access"),
});

export const undoCommand = command<Undone>({
  word: "undo",
  past: "undone",
  question: (id) => `Undo import ${id}?`,
  summary: "undo the latest import that changed users",
  help: "Undoes the latest import that changed users. Archives the users it created, and restores every other value\n" +
    "unless it was changed later. Permits become active again unless another user now has the same number.\n" +
    "Lists everything that it leaves unchanged.",
  carryOut: (database, id, { signal }, by) => undoImport(database, id, signal, by),
  done: ({ restored, archived, permits_restored, permits_released }) => [
    ...orNothing(restored, "user restored", "users restored"),
    ...orNothing(archived, "created user archived", "created users archived"),
    ...orNothing(permits_restored, "permit restored", "permits restored"),
    ...orNothing(permits_released, "permit released", "permits released"),
  ],
});

async function approveOwn(database: Database, id: number, invocation: Invocation, by: string) {
  const { config, clock, signal } = invocation;
  return await approve(id, {
    database,
    store: new PostgresImportStore(database, { greatestId: greatestIdIn(config.data) }),
    settings: await settingsInForce(invocation),
    bakOf: (feed) => BakFolder.of(foldersOf(config.upload, feed)),
    clock,
    signal,
    stopping: signal,
    by,
    onProgress: () => {},
  });
}

function orNothing(count: number, one: string, many: string): string[] {
  return count === 0 ? [] : [counted(count, one, many)];
}

function command<T extends Decided>(decision: Decision<T>): Command {
  return {
    words: `imports ${decision.word}`,
    operands: { words: "ID", min: 1, max: 1 },
    flags: { ...JSON_FLAG, ...(decision.question === undefined ? {} : YES_FLAG) },
    summary: decision.summary,
    help: `${decision.help}\nIf this is not possible, says why and exits with 1.`,
    run: (invocation) => run(decision, invocation),
  };
}

async function run<T extends Decided>(decision: Decision<T>, invocation: Invocation): Promise<number> {
  const { operands, flags, terminal } = invocation;
  const id = importId(operands[0]), question = decision.question?.(id);
  // A script is not asked for confirmation and does not need a flag.
  if (question !== undefined && terminal.canAsk && !await isConfirmed(invocation, question)) {
    throw new CommandFailed("nothing was changed");
  }
  const result = await withAccess<T | null>(
    invocation,
    (database) =>
      decision.carryOut(database, id, invocation, operatingSystemUser()).catch((error) => ifNoSchema(error, null)),
    (service) => service.ask("POST", `/imports/${id}/${decision.word}`) as Promise<T>,
  );
  if (result === null) throw noSuchImport(id);
  if (flags.json) terminal.out(JSON.stringify(result, null, 2));
  else {
    const done = decision.done(result).join(", ") || "nothing needed to change";
    terminal.out(`import ${id} ${decision.past}: ${done}`);
    printLeftOut(terminal, result);
  }
  return EXIT.ok;
}

function printLeftOut({ out, paint }: Terminal, { left_out, left_out_total }: Decided): void {
  if (left_out_total === 0) return;
  out(paint.warning(`  left unchanged: ${grouped(left_out_total)}`));
  const shown = left_out.slice(0, MAX_LEFT_OUT_PRINTED);
  for (const { unique_id, reason } of shown) {
    out(`  ${unique_id === "" ? "" : `${printable(unique_id)}: `}${printable(reason)}`);
  }
  if (left_out_total > shown.length) out(paint.faint(`  … and ${grouped(left_out_total - shown.length)} more`));
}
