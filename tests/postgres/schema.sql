table dismissed_files (
  feed text not null,
  dismissed_until timestamp with time zone not null,
  dismissed_by text not null
)
table erasures (
  id bigint generated always as identity not null,
  erased_at timestamp with time zone not null default now(),
  erased_by text not null,
  users bigint not null
)
table import_changes (
  import_id bigint not null,
  unique_id text collate "C" not null,
  changes jsonb not null,
  lost_active boolean not null,
  changed_at timestamp with time zone not null default now(),
  permits_released text[],
  permits_moved bigint,
  moved_imports bigint[]
)
table import_failures (
  import_id bigint not null,
  line bigint not null,
  unique_id text,
  problems jsonb not null,
  keys bigint[],
  name text,
  since timestamp with time zone,
  open_feed text collate "C"
)
table import_held (
  import_id bigint not null,
  unique_id text collate "C" not null,
  line bigint,
  effect text not null,
  otherwise_by bigint[] not null default '{}'::bigint[]
)
table import_settings (
  digest bytea not null,
  settings jsonb not null
)
table imports (
  id bigint generated always as identity not null,
  file text not null,
  taken_key text,
  status text not null default 'running'::text,
  reason jsonb,
  warnings jsonb not null default '[]'::jsonb,
  records bigint not null default 0,
  created bigint not null default 0,
  updated bigint not null default 0,
  unchanged bigint not null default 0,
  archived bigint not null default 0,
  reactivated bigint not null default 0,
  held bigint not null default 0,
  skipped bigint not null default 0,
  failed bigint not null default 0,
  permits_released bigint not null default 0,
  missing_archived bigint not null default 0,
  missing_held bigint not null default 0,
  sha256 text,
  bytes bigint,
  encoding text,
  delimiter text,
  started_at timestamp with time zone not null default now(),
  finished_at timestamp with time zone,
  undone_at timestamp with time zone,
  cleared_at timestamp with time zone,
  bak_file text,
  failed_file text,
  mail text not null default 'none'::text,
  hold_state text,
  hold_reason text,
  hold_ended_at timestamp with time zone,
  file_gone_at timestamp with time zone,
  decisions jsonb not null default '[]'::jsonb,
  feed text not null default ''::text,
  uploaded_by text,
  hold_kind text,
  hold_columns jsonb not null default '[]'::jsonb,
  hold_ended_by bigint,
  approves bigint,
  erased bigint not null default 0,
  renamed bigint not null default 0,
  merged bigint not null default 0,
  failed_new bigint not null default 0,
  failed_fixed bigint not null default 0,
  hold_losses jsonb not null default '[]'::jsonb,
  settings_digest bytea not null
)
table known_records (
  id bigint generated always as identity not null,
  entries integer not null,
  digests bytea not null,
  feed text not null default ''::text
)
table known_state (
  tie text not null,
  log text not null,
  sums bytea not null,
  written_by xid,
  feed text not null default ''::text,
  named bigint
)
table migrations (
  number integer not null,
  applied_at timestamp with time zone not null default now()
)
table moved_permits (
  import_id bigint not null,
  permit_id bigint not null,
  old_id text collate "C" not null,
  new_id text collate "C" not null
)
table outbox (
  id bigint generated always as identity not null,
  import_id bigint,
  kind text not null,
  content jsonb,
  message_id text not null,
  created_at timestamp with time zone not null default now(),
  tries integer not null default 0,
  next_try_at timestamp with time zone not null default now(),
  sent_at timestamp with time zone,
  gave_up_at timestamp with time zone,
  last_error text
)
table permits (
  permit_id bigint generated always as identity not null,
  permit_no text,
  unique_id text collate "C",
  status text not null default 'active'::text,
  released_at timestamp with time zone,
  released_by_import bigint
)
table trial_changes (
  import_id bigint not null,
  unique_id text collate "C" not null,
  outcome text not null,
  columns jsonb not null
)
table users (
  unique_id text collate "C" not null,
  login_source text not null,
  first_name text,
  last_name text,
  user_name text,
  email text,
  street text,
  city text,
  province text,
  postal_code text,
  street2 text,
  city2 text,
  state2 text,
  zip2 text,
  phone_cell text,
  user_type_id text,
  employ_no text,
  employee_phone text,
  student_no text,
  student_phone text,
  drivers_license_num text,
  drivers_license_prov text,
  date_of_birth date,
  locker_user_type_id text,
  active boolean not null default true,
  archived_at timestamp with time zone,
  created_at timestamp with time zone not null default now(),
  updated_at timestamp with time zone not null default now(),
  created_by_import bigint,
  feeds jsonb not null default '{}'::jsonb,
  inactive_since timestamp with time zone
)

constraint dismissed_files_pkey on rosterd.dismissed_files PRIMARY KEY (feed)
constraint erasures_pkey on rosterd.erasures PRIMARY KEY (id)
constraint import_changes_pkey on rosterd.import_changes PRIMARY KEY (import_id, unique_id)
constraint import_failures_pkey on rosterd.import_failures PRIMARY KEY (import_id, line)
constraint import_held_effect_check on rosterd.import_held CHECK ((effect = ANY (ARRAY['archive'::text, 'disable'::text])))
constraint import_held_import_id_fkey on rosterd.import_held FOREIGN KEY (import_id) REFERENCES rosterd.imports(id) ON DELETE CASCADE
constraint import_held_pkey on rosterd.import_held PRIMARY KEY (import_id, unique_id)
constraint import_settings_pkey on rosterd.import_settings PRIMARY KEY (digest)
constraint imports_hold_kind_check on rosterd.imports CHECK ((hold_kind = ANY (ARRAY['access'::text, 'changes'::text])))
constraint imports_hold_state_check on rosterd.imports CHECK ((hold_state = ANY (ARRAY['open'::text, 'approved'::text, 'discarded'::text, 'superseded'::text])))
constraint imports_mail_check on rosterd.imports CHECK ((mail = ANY (ARRAY['none'::text, 'waiting'::text, 'sent'::text, 'failed'::text, 'not_configured'::text])))
constraint imports_pkey on rosterd.imports PRIMARY KEY (id)
constraint imports_settings_digest_fkey on rosterd.imports FOREIGN KEY (settings_digest) REFERENCES rosterd.import_settings(digest)
constraint imports_status_check on rosterd.imports CHECK ((status = ANY (ARRAY['running'::text, 'rejected'::text, 'error'::text, 'held'::text, 'failed_records'::text, 'done'::text, 'checked'::text])))
constraint imports_taken_key_key on rosterd.imports UNIQUE (taken_key)
constraint known_records_pkey on rosterd.known_records PRIMARY KEY (id)
constraint migrations_pkey on rosterd.migrations PRIMARY KEY (number)
constraint moved_permits_pkey on rosterd.moved_permits PRIMARY KEY (import_id, permit_id)
constraint outbox_import_id_fkey on rosterd.outbox FOREIGN KEY (import_id) REFERENCES rosterd.imports(id) ON DELETE CASCADE
constraint outbox_kind_check on rosterd.outbox CHECK ((kind = ANY (ARRAY['failures'::text, 'rejected'::text, 'held'::text, 'imported'::text, 'checked'::text, 'decided'::text, 'alert'::text])))
constraint outbox_message_id_key on rosterd.outbox UNIQUE (message_id)
constraint outbox_pkey on rosterd.outbox PRIMARY KEY (id)
constraint permits_pkey on rosterd.permits PRIMARY KEY (permit_id)
constraint permits_status_check on rosterd.permits CHECK ((status = ANY (ARRAY['active'::text, 'released'::text, 'expired'::text, 'void'::text, 'lost'::text])))
constraint trial_changes_import_id_fkey on rosterd.trial_changes FOREIGN KEY (import_id) REFERENCES rosterd.imports(id) ON DELETE CASCADE
constraint trial_changes_pkey on rosterd.trial_changes PRIMARY KEY (import_id, unique_id)
constraint users_archived_are_inactive on rosterd.users CHECK (((archived_at IS NULL) OR (NOT active)))
constraint users_feeds_check on rosterd.users CHECK ((jsonb_typeof(feeds) = 'object'::text))
constraint users_pkey on rosterd.users PRIMARY KEY (unique_id)

CREATE UNIQUE INDEX dismissed_files_pkey ON rosterd.dismissed_files USING btree (feed)
CREATE UNIQUE INDEX erasures_pkey ON rosterd.erasures USING btree (id)
CREATE INDEX import_changes_lost_active_idx ON rosterd.import_changes USING btree (changed_at) WHERE lost_active
CREATE UNIQUE INDEX import_changes_pkey ON rosterd.import_changes USING btree (import_id, unique_id)
CREATE INDEX import_failures_open_idx ON rosterd.import_failures USING btree (open_feed, COALESCE(unique_id, (keys[1])::text) COLLATE "C") WHERE (open_feed IS NOT NULL)
CREATE UNIQUE INDEX import_failures_pkey ON rosterd.import_failures USING btree (import_id, line)
CREATE UNIQUE INDEX import_held_pkey ON rosterd.import_held USING btree (import_id, unique_id)
CREATE UNIQUE INDEX import_settings_pkey ON rosterd.import_settings USING btree (digest)
CREATE INDEX imports_open_holds_idx ON rosterd.imports USING btree (id) WHERE (hold_state = 'open'::text)
CREATE UNIQUE INDEX imports_pkey ON rosterd.imports USING btree (id)
CREATE UNIQUE INDEX imports_taken_key_key ON rosterd.imports USING btree (taken_key)
CREATE INDEX imports_unfinished_idx ON rosterd.imports USING btree (id) WHERE ((taken_key IS NOT NULL) AND (bak_file IS NULL) AND (file_gone_at IS NULL))
CREATE UNIQUE INDEX known_records_pkey ON rosterd.known_records USING btree (id)
CREATE UNIQUE INDEX migrations_pkey ON rosterd.migrations USING btree (number)
CREATE UNIQUE INDEX moved_permits_pkey ON rosterd.moved_permits USING btree (import_id, permit_id)
CREATE UNIQUE INDEX outbox_message_id_key ON rosterd.outbox USING btree (message_id)
CREATE UNIQUE INDEX outbox_pkey ON rosterd.outbox USING btree (id)
CREATE INDEX outbox_waiting_idx ON rosterd.outbox USING btree (next_try_at) WHERE ((sent_at IS NULL) AND (gave_up_at IS NULL))
CREATE INDEX permits_permit_no_idx ON rosterd.permits USING btree (permit_no)
CREATE UNIQUE INDEX permits_pkey ON rosterd.permits USING btree (permit_id)
CREATE INDEX permits_released_by_import_idx ON rosterd.permits USING btree (released_by_import) WHERE (released_by_import IS NOT NULL)
CREATE INDEX permits_unique_id_idx ON rosterd.permits USING btree (unique_id)
CREATE UNIQUE INDEX trial_changes_pkey ON rosterd.trial_changes USING btree (import_id, unique_id)
CREATE UNIQUE INDEX users_email_key ON rosterd.users USING btree (lower((email COLLATE "C")))
CREATE INDEX users_inactive_since_idx ON rosterd.users USING btree (inactive_since) WHERE (inactive_since IS NOT NULL)
CREATE UNIQUE INDEX users_pkey ON rosterd.users USING btree (unique_id)
CREATE UNIQUE INDEX users_user_name_key ON rosterd.users USING btree (lower((user_name COLLATE "C")))

CREATE OR REPLACE FUNCTION rosterd.move_permits(old_id text, new_id text, import_id bigint)
 RETURNS bigint
 LANGUAGE sql
AS $function$
      with move as (
        select
          exists (select from rosterd.users where unique_id = move_permits.old_id) as is_merge,
          exists (
            select from rosterd.moved_permits as m
            where m.import_id = move_permits.import_id and m.old_id = move_permits.new_id and m.new_id = move_permits.old_id
          ) as is_undo
      ),
      moved as (
        update rosterd.permits as p set unique_id = move_permits.new_id
        from move
        where p.unique_id = move_permits.old_id and case
          when is_undo then p.status = 'active'
            and p.permit_id in (select m.permit_id from rosterd.moved_permits as m where m.import_id = move_permits.import_id)
          when is_merge then p.status = 'active'
          else true
        end
        returning p.permit_id
      ),
      noted as (
        insert into rosterd.moved_permits (import_id, permit_id, old_id, new_id)
        select move_permits.import_id, permit_id, move_permits.old_id, move_permits.new_id
        from moved cross join move where is_merge and not is_undo
      ),
      forgotten as (
        delete from rosterd.moved_permits as m using moved, move
        where is_undo and m.import_id = move_permits.import_id and m.permit_id = moved.permit_id
      )
      select count(*) from moved
    $function$
CREATE OR REPLACE FUNCTION rosterd.release_permits(user_ids text[], import_id bigint)
 RETURNS bigint
 LANGUAGE sql
AS $function$
      with released as (
        update rosterd.permits
        set status = 'released', released_at = now(), released_by_import = release_permits.import_id
        where unique_id = any (user_ids) and status = 'active'
        returning 1
      )
      select count(*) from released
    $function$
CREATE OR REPLACE FUNCTION rosterd.restore_permits(import_id bigint)
 RETURNS bigint
 LANGUAGE sql
AS $function$
      with restored as (
        update rosterd.permits as mine
        set status = 'active', released_at = null, released_by_import = null
        where mine.released_by_import = restore_permits.import_id
          and mine.status = 'released'
          and not exists (
            select from rosterd.permits as other
            where other.permit_no = mine.permit_no and other.status = 'active'
          )
          -- Of several that bear one number, only the first comes back.
          and not exists (
            select from rosterd.permits as twin
            where twin.permit_no = mine.permit_no and twin.released_by_import = mine.released_by_import
              and twin.status = 'released' and twin.permit_id < mine.permit_id
          )
        returning 1
      )
      select count(*) from restored
    $function$
