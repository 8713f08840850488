/** Stores the settings of each import. Imports with the same settings share them (docs/database.md#history). */
import type postgres from "postgres";
import { maskSettings, type Settings } from "../../domain/settings.ts";

/** Returns the settings of an import as the column `settings`, for the select list of a query on `rosterd.imports`. */
export function settingsColumn(sql: postgres.ISql) {
  return sql`(select settings from rosterd.import_settings where digest = settings_digest) as settings`;
}

/**
 * Returns common table expressions that store the settings without their secrets. `kept.digest` is the value for
 * `settings_digest`.
 */
export function keepingSettings(sql: postgres.ISql, settings: Settings) {
  return sql`
    kept as (
      select settings, sha256(convert_to(settings::text, 'UTF8')) as digest
      from (select ${sql.json(maskSettings(settings) as never)}::jsonb as settings) as given
    ),
    added as (
      insert into rosterd.import_settings (digest, settings) select digest, settings from kept on conflict do nothing
    )`;
}
