-- Lists the held users for an approval. `left_out` is the reason why a user is left out, or null. $1: the import's id.
create temp table deciding on commit drop as
select
  h.unique_id, h.effect, u.login_source,
  -- Whether the user will then wait to be archived (docs/people.md#grace-period).
  h.effect = 'disable' and (kept.settings ->> 'release_permits_after_days')::integer > 0
    and (h.line is null or (kept.settings ->> 'archive_inactive_users')::boolean) as waits,
  -- For a missing user: the feed that no longer names the user or, if the user waits, calls the user inactive.
  case when h.line is null and u.feeds ? i.feed then i.feed end as unnamed_by,
  case
    when u.unique_id is null then 'the user no longer exists'
    when later.id is not null then format('a later roster says otherwise (import %s, "%s")', later.id, later.file)
    when exists (
      select from jsonb_each(u.feeds) as said (feed, word)
      where word = 'true' and feed <> i.feed and (feed = '' or coalesce(kept.settings -> 'feeds' ? feed, false))
    ) then 'another feed calls the user active'
    when u.archived_at is not null then 'the user is already archived'
    when h.effect = 'disable' and not u.active then 'the user is no longer active'
  end as left_out
from rosterd.import_held as h
join rosterd.imports as i on i.id = h.import_id
join rosterd.import_settings as kept on kept.digest = i.settings_digest
left join rosterd.users as u on u.unique_id = h.unique_id
left join lateral (
  select id, file from rosterd.imports where id = any (h.otherwise_by) and undone_at is null order by id desc limit 1
) as later on true
where h.import_id = $1
