-- Plans the changes of each valid record (docs/people.md#outcomes). $1: archive_inactive_users; $2: whether a record
-- without `active` reactivates an archived user (missing_users "archive"); $3: whether users wait before they are
-- archived (docs/people.md#grace-period); find_due.sql then archives them. If a user keeps access through another feed
-- (docs/people.md#who-is-named), the plan only stores what this feed says.
insert into plan
select
  line, coalesce(known_id, unique_id), case when known_id is not null then unique_id end, transition, coalesce(transition in ('archive', 'disable') and was_active, false), null,
  coalesce(is_kept and said is distinct from false, false), said, case when says is distinct from said then says end,
  case when changes <> '' then ('{' || changes || '}')::jsonb end,
  version, archived_at,
  coalesce(transition = 'disable' and $1 and $3, false), case when not was_active and archived_at is null then inactive_since end,
  -- Most values are equal without folding their case, and the direct comparison is faster than lower().
  case when new_user_name <> '' and new_user_name is distinct from old_user_name
    and lower(new_user_name) is distinct from lower(old_user_name) then lower(new_user_name) end,
  coalesce(new_user_name <> old_user_name and lower(new_user_name) <> lower(old_user_name), false),
  case when new_email <> '' and new_email is distinct from old_email
    and lower(new_email) is distinct from lower(old_email) then lower(new_email) end,
  coalesce(new_email <> old_email and lower(new_email) <> lower(old_email), false)
from (
  select
    s.line, s.unique_id, s.known_id, u.active as was_active, u.xmin as version, u.archived_at, u.inactive_since, word.said,
    -- The row of a new user already includes what the feed says about the user.
    case when u.unique_id is not null then s.active is distinct from '0' end as says,
    own.transition in ('archive', 'disable') and @kept_active as is_kept,
    case when own.transition in ('archive', 'disable') and @kept_active then null else own.transition end as transition,
    case when u.unique_id is not null then concat_ws(',', [[
      case when s.known_id is not null then '"unique_id":[' || to_json(s.known_id) || ',' || to_json(s.unique_id) || ']' end,
      case when merged.unique_id is not null then '"old_unique_id":[null,' || to_json(merged.unique_id) || ']' end,
      ]]{{, |case when @staged <> @old then
      '"@name":[' || coalesce(to_json(@text)::text, 'null') || ',' || coalesce(to_json(nullif(@staged, ''))::text, 'null') || ']'
    end}}) else '' end as changes,
    @staged(user_name) collate "C" as new_user_name, u.user_name collate "C" as old_user_name,
    @staged(email) collate "C" as new_email, u.email collate "C" as old_email
  from staged as s
  left join rosterd.users as u on u.unique_id = @user
  [[left join missing as merged on merged.line = s.line]]
  cross join lateral (
    select
      @said as said,
      -- Whether this feed is the first to call the user active again, while another feed calls the user inactive.
      @said is not true and @called_inactive and not @kept_active as is_first
  ) as word
  cross join lateral (
    select case
      when u.unique_id is null then case when s.active = '0' and $1 then 'create_archived' else 'create' end
      when s.active = '0' and $1 and not $3 and u.archived_at is null then 'archive'
      when s.active = '0' and (u.active or ($1 and u.archived_at is null and u.inactive_since is null)) then 'disable'
      when u.archived_at is not null and (s.active = '1' or (s.active is null and ($2 or word.is_first[[ or merged.was_active]]))) then 'reactivate'
      when not u.active and (s.active = '1' or (s.active is null and (word.is_first[[ or merged.was_active]] or ($2 and u.inactive_since is not null)))) then 'enable'
    end as transition
  ) as own
  where s.problems is null and s.line not in (select line from repeats)
  -- With this clause, PostgreSQL computes the changes once per record instead of once per use.
  offset 0
) as record
where changes <> '' or transition is not null or says is distinct from said
