/**
 * Checks that the tables have the keys, checks, indexes and triggers that imports need. A restore may lose some of
 * them.
 */
import { bad, type Finding, good, warning } from "../domain/finding.ts";
import type { Database } from "./connection/connect.ts";
import structure from "./queries/doctor/structure.sql" with { type: "text" };

/**
 * The constraints that the migrations create. Keys are compared by definition, regardless of their names. Checks and
 * foreign keys are compared by name.
 */
const CONSTRAINTS: readonly [table: string, name: string, definition: string][] = [
  ["users", "users_pkey", "PRIMARY KEY (unique_id)"],
  ["users", "users_archived_are_inactive", "CHECK (archived_at is null or not active)"],
  ["users", "users_feeds_check", "CHECK (jsonb_typeof(feeds) = 'object')"],
  ["permits", "permits_pkey", "PRIMARY KEY (permit_id)"],
  ["permits", "permits_status_check", "CHECK (status in ('active', 'released', 'expired', 'void', 'lost'))"],
  ["imports", "imports_pkey", "PRIMARY KEY (id)"],
  ["imports", "imports_taken_key_key", "UNIQUE (taken_key)"],
  ["imports", "imports_hold_kind_check", "CHECK (hold_kind in ('access', 'changes'))"],
  ["imports", "imports_hold_state_check", "CHECK (hold_state in ('open', 'approved', 'discarded', 'superseded'))"],
  ["imports", "imports_mail_check", "CHECK (mail in ('none', 'waiting', 'sent', 'failed', 'not_configured'))"],
  [
    "imports",
    "imports_status_check",
    "CHECK (status in ('running', 'rejected', 'error', 'held', 'failed_records', 'done', 'checked'))",
  ],
  ["import_settings", "import_settings_pkey", "PRIMARY KEY (digest)"],
  [
    "imports",
    "imports_settings_digest_fkey",
    "FOREIGN KEY (settings_digest) REFERENCES rosterd.import_settings(digest)",
  ],
  ["import_failures", "import_failures_pkey", "PRIMARY KEY (import_id, line)"],
  ["import_changes", "import_changes_pkey", "PRIMARY KEY (import_id, unique_id)"],
  ["import_held", "import_held_pkey", "PRIMARY KEY (import_id, unique_id)"],
  ["import_held", "import_held_effect_check", "CHECK (effect in ('archive', 'disable'))"],
  ["moved_permits", "moved_permits_pkey", "PRIMARY KEY (import_id, permit_id)"],
  ["trial_changes", "trial_changes_pkey", "PRIMARY KEY (import_id, unique_id)"],
  ["known_records", "known_records_pkey", "PRIMARY KEY (id)"],
  ["erasures", "erasures_pkey", "PRIMARY KEY (id)"],
  ["dismissed_files", "dismissed_files_pkey", "PRIMARY KEY (feed)"],
  ["outbox", "outbox_pkey", "PRIMARY KEY (id)"],
  ["outbox", "outbox_message_id_key", "UNIQUE (message_id)"],
  [
    "outbox",
    "outbox_kind_check",
    "CHECK (kind in ('failures', 'rejected', 'held', 'imported', 'checked', 'decided', 'alert'))",
  ],
  ["migrations", "migrations_pkey", "PRIMARY KEY (number)"],
  ...["import_held", "trial_changes", "outbox"].map((table): [string, string, string] => [
    table,
    `${table}_import_id_fkey`,
    "FOREIGN KEY (import_id) REFERENCES rosterd.imports(id) ON DELETE CASCADE",
  ]),
];

/** The indexes that the migrations create, with definitions as the server formats them. */
const INDEXES: readonly [table: string, name: string, definition: string, unique?: boolean][] = [
  ["users", "users_user_name_key", 'btree (lower((user_name COLLATE "C")))', true],
  ["users", "users_email_key", 'btree (lower((email COLLATE "C")))', true],
  ["users", "users_inactive_since_idx", "btree (inactive_since) WHERE (inactive_since IS NOT NULL)"],
  ["permits", "permits_unique_id_idx", "btree (unique_id)"],
  ["permits", "permits_released_by_import_idx", "btree (released_by_import) WHERE (released_by_import IS NOT NULL)"],
  ["permits", "permits_permit_no_idx", "btree (permit_no)"],
  ["imports", "imports_open_holds_idx", "btree (id) WHERE (hold_state = 'open'::text)"],
  [
    "imports",
    "imports_unfinished_idx",
    "btree (id) WHERE ((taken_key IS NOT NULL) AND (bak_file IS NULL) AND (file_gone_at IS NULL))",
  ],
  [
    "import_failures",
    "import_failures_open_idx",
    'btree (open_feed, COALESCE(unique_id, (keys[1])::text) COLLATE "C") WHERE (open_feed IS NOT NULL)',
  ],
  ["import_changes", "import_changes_lost_active_idx", "btree (changed_at) WHERE lost_active"],
  ["outbox", "outbox_waiting_idx", "btree (next_try_at) WHERE ((sent_at IS NULL) AND (gave_up_at IS NULL))"],
];

interface Structure {
  tables: string[];
  constraints: { table: string; name: string; definition: string }[];
  indexes: { table: string; name: string; is_valid: boolean; is_unique: boolean; definition: string }[];
  /** The trigger `all` stands for the triggers that enforce foreign keys. */
  switched_off: { table: string; trigger: string }[];
}

/** Checks the tables of a schema that is up to date. */
export async function checkStructure({ transaction }: Database): Promise<Finding[]> {
  // The query runs in a transaction, because definitions depend on session settings such as quote_all_identifiers.
  const [found] = await transaction((tx) => tx.unsafe<Structure[]>(structure));
  const isTable = ([table]: readonly [string, ...unknown[]]) => found.tables.includes(table);
  const lost = [
    ...CONSTRAINTS.filter(isTable).map((wanted) => lostConstraint(found, wanted)),
    ...INDEXES.filter(isTable).map((wanted) => lostIndex(found, wanted)),
    ...found.switched_off.map(switchedOff),
  ].filter((finding) => finding !== null);
  return lost.length > 0 ? lost : [good("structure", "all keys, checks and indexes are in place")];
}

function lostConstraint(
  { constraints }: Structure,
  [table, name, definition]: (typeof CONSTRAINTS)[number],
): Finding | null {
  const isNamed = /^(?:CHECK|FOREIGN)/.test(definition);
  const found = constraints.some((one) =>
    one.table === table && (isNamed ? one.name === name : one.definition === definition)
  );
  if (found) return null;
  const text = `rosterd.${table} is missing ${isNamed ? "the constraint" : "the key"} ${name}`;
  return (isNamed ? warning : bad)(
    "structure",
    text,
    run(`alter table rosterd.${table} add constraint ${name} ${definition}`),
  );
}

function lostIndex(
  { indexes }: Structure,
  [table, name, definition, unique = false]: (typeof INDEXES)[number],
): Finding | null {
  const found = indexes.filter((one) =>
    one.table === table && one.definition === definition && (one.is_unique || !unique)
  );
  if (found.some(({ is_valid }) => is_valid)) return null;
  const verdict = unique ? bad : warning;
  if (found.length > 0) {
    const text = `the index ${name} of rosterd.${table} is not valid`;
    return verdict("structure", text, run(`reindex index rosterd."${found[0].name}"`));
  }
  const create = `create ${unique ? "unique " : ""}index ${name} on rosterd.${table} using ${definition}`;
  return verdict("structure", `rosterd.${table} is missing the index ${name}`, run(create));
}

function switchedOff({ table, trigger }: Structure["switched_off"][number]): Finding {
  const what = trigger === "all" ? "the foreign-key triggers" : `the trigger ${trigger}`;
  return warning(
    "structure",
    `${what} on rosterd.${table} ${trigger === "all" ? "are" : "is"} switched off`,
    run(`alter table rosterd.${table} enable trigger ${trigger}`),
  );
}

function run(statement: string): string {
  return `Run as the owner, or as a superuser: ${statement};`;
}
