-- Keeps the settings of imports once per version, instead of once per import.

create table if not exists rosterd.import_settings (
  -- The SHA-256 of the settings as PostgreSQL writes them.
  digest   bytea primary key,
  settings jsonb not null
);

alter table rosterd.imports add column if not exists settings_digest bytea references rosterd.import_settings;

do $$
begin
  if exists (
    select from pg_attribute
    where attrelid = 'rosterd.imports'::regclass and attname = 'settings' and not attisdropped
  ) then
    insert into rosterd.import_settings (digest, settings)
    select distinct sha256(convert_to(settings::text, 'UTF8')), settings from rosterd.imports
    on conflict do nothing;
    alter table rosterd.imports alter column settings drop not null;
    -- The new versions of the rows are without the settings, which the dropped column would still hold.
    update rosterd.imports set settings_digest = sha256(convert_to(settings::text, 'UTF8')), settings = null;
    alter table rosterd.imports drop column settings;
  end if;
end
$$;

alter table rosterd.imports alter column settings_digest set not null;
