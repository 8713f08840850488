-- Stores what an undo needs (docs/people.md#undo): the values of each user and what the feed says about the user, both
-- before and after the import. $1: the import's id.
insert into rosterd.import_changes (import_id, unique_id, lost_active, changes)
select
  $1, coalesce(new_id, unique_id), loses and transition is not null,
  case when transition is null and says is null then changes else coalesce(changes, '{}')
    || case
      when transition in ('archive', 'disable') then case when loses then '{"active": [true, false]}'::jsonb else '{}' end
      when transition in ('enable', 'reactivate') then '{"active": [false, true]}'
      else '{}'
    end
    || case transition
      when 'archive' then jsonb_build_object('archived_at', jsonb_build_array(null, now()))
      when 'reactivate' then jsonb_build_object('archived_at', jsonb_build_array(archived_at, null))
      else '{}'
    end
    || case
      when waits then jsonb_build_object('inactive_since', jsonb_build_array(null, now()))
      when inactive_since is not null and (transition is not null or says)
        then jsonb_build_object('inactive_since', jsonb_build_array(inactive_since, null))
      else '{}'
    end
    || case when says is null then '{}' else jsonb_build_object('feeds', jsonb_build_array(said, says)) end
  end
from plan
where version is not null and (changes is not null or transition is not null or says is not null)
