/** The settings of each import, which are kept once per version (docs/database.md#history). */
import type postgres from "postgres";
import { maskSettings, type Settings } from "../../domain/settings.ts";

/** The column `settings` of `rosterd.imports`, for the select list of a query that reads this table. */
export function settingsColumn(sql: postgres.ISql) {
  return sql`(select settings from rosterd.import_settings where digest = settings_digest) as settings`;
}

/**
 * Common table expressions that keep the settings without their secrets. `kept.digest` is the value for
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
