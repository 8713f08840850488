-- The functions with which archiving and undo change permits. Customers with permits in another system replace these
-- functions, so existing functions are kept (docs/database.md#permit-functions).

do $migration$
begin
  if to_regprocedure('rosterd.release_permits(text[], bigint)') is null then
    create function rosterd.release_permits(user_ids text[], import_id bigint) returns bigint
    language sql as $function$
      with released as (
        update rosterd.permits
        set status = 'released', released_at = now(), released_by_import = release_permits.import_id
        where unique_id = any (user_ids) and status = 'active'
        returning 1
      )
      select count(*) from released
    $function$;
  end if;

  if to_regprocedure('rosterd.restore_permits(bigint)') is null then
    create function rosterd.restore_permits(import_id bigint) returns bigint
    language sql as $function$
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
    $function$;
  end if;
end
$migration$;
