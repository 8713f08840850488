-- Adds columns and functions for renamed and merged users (docs/people.md#new-ids).

alter table rosterd.imports
  add column renamed bigint not null default 0,
  add column merged  bigint not null default 0;

-- permits_moved: the number of permits that moved with a renamed or merged user. moved_imports: the earlier imports
-- whose entries moved with a renamed user, so that an undo moves back only these entries.
alter table rosterd.import_changes
  add column permits_moved bigint,
  add column moved_imports bigint[];

-- The permits that an import moved when it merged two users. An undo needs this list.
create table rosterd.moved_permits (
  import_id bigint not null,
  permit_id bigint not null,
  old_id    text collate "C" not null,
  new_id    text collate "C" not null,
  primary key (import_id, permit_id)
);

-- Moves all permits if the old user no longer exists, as after a rename; otherwise moves only the active permits. If
-- this import earlier moved permits in the opposite direction, this is an undo: moves back only the permits that have
-- not changed since.
do $migration$
begin
  if to_regprocedure('rosterd.move_permits(text, text, bigint)') is null then
    create function rosterd.move_permits(old_id text, new_id text, import_id bigint) returns bigint
    language sql as $function$
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
    $function$;
  end if;
end
$migration$;
