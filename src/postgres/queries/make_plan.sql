-- Plans what each valid record changes (docs/people.md#outcomes). $1: archive_inactive_users; $2: whether a record
-- without `active` reactivates an archived user (missing_users "archive"). What a feed says of a user who keeps access by
-- another feed (docs/people.md#who-is-named) is only noted.
insert into plan
select
  s.line, s.unique_id, t.transition, coalesce(t.transition in ('archive', 'disable') and u.active, false), null,
  coalesce(ordinary.transition in ('archive', 'disable') and t.transition is null and word.said is distinct from false, false), word.said,
  case when u.unique_id is not null and word.said is distinct from word.says then word.says end,
  case when u.unique_id is not null and ({{ or |@staged <> @old}}) then
    ('{' || concat_ws(',', {{, |case when @staged <> @old then
      '"@name":[' || coalesce(to_json(@text)::text, 'null') || ',' || coalesce(to_json(nullif(@staged, ''))::text, 'null') || ']'
    end}}) || '}')::jsonb
  end,
  u.xmin, u.archived_at,
  case when user_name.new <> '' and user_name.new is distinct from user_name.old then user_name.new end,
  coalesce(user_name.new <> user_name.old, false),
  case when email.new <> '' and email.new is distinct from email.old then email.new end,
  coalesce(email.new <> email.old, false)
from staged as s
left join rosterd.users as u on u.unique_id = s.unique_id
cross join lateral (select lower(@staged(user_name) collate "C") as new, lower(u.user_name collate "C") as old) as user_name
cross join lateral (select lower(@staged(email) collate "C") as new, lower(u.email collate "C") as old) as email
cross join lateral (
  select
    @said as said,
    s.active is distinct from '0' as says,
    -- Whether it is the first feed to call a user active whom others call inactive.
    @said is not true and @called_inactive and not @kept_active as is_first
) as word
cross join lateral (
  select case
    when u.unique_id is null then case when s.active = '0' and $1 then 'create_archived' else 'create' end
    when s.active = '0' and $1 and u.archived_at is null then 'archive'
    when s.active = '0' and not $1 and u.active then 'disable'
    when u.archived_at is not null and (s.active = '1' or (s.active is null and ($2 or word.is_first))) then 'reactivate'
    when not u.active and (s.active = '1' or (s.active is null and word.is_first and u.archived_at is null)) then 'enable'
  end as transition
) as ordinary
cross join lateral (
  select case when ordinary.transition in ('archive', 'disable') and @kept_active then null else ordinary.transition end as transition
) as t
where s.problems is null
  and s.line not in (select line from repeats)
  and ({{ or |@staged <> @old}} or t.transition is not null
    or (u.unique_id is not null and word.said is distinct from word.says))
