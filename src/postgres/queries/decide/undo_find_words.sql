-- Lists the users about whom the import changed what the feed says, one row each: whether the feed names the user at
-- all, and whether it calls the user active. `before` is null if the feed had not named the user. $1: the import's id.
create temp table undo_words on commit drop as
select
  c.unique_id, i.feed, nullif(c.changes -> 'feeds' -> 0, 'null') as before,
  case
    when u.unique_id is null then 'the user no longer exists'
    when u.feeds -> i.feed is distinct from nullif(c.changes -> 'feeds' -> 1, 'null') then 'what the feed says has changed since'
  end as stays
from rosterd.import_changes as c
join rosterd.imports as i on i.id = c.import_id
left join rosterd.users as u on u.unique_id = c.unique_id
where c.import_id = $1 and c.changes ? 'feeds'
