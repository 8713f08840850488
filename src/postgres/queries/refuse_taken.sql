-- One round of judging claims on the end state (contract, section 2, "Repeated and taken"): the user who has a value and keeps it
-- wins, else the earliest line. Whoever loses keeps what they had, which may take it from somebody else: so this is
-- repeated until it refuses nobody.
with good as (
  select p.unique_id, p.leaves_user_name, p.leaves_email from plan as p where p.line not in (select line from taken)
),
open as (
  select line, what, key, min(line) over (partition by what, key) as first_line
  from claims
  where line not in (select line from taken)
),
judged as (
  select open.*, keeper.unique_id as owner_id
  from open
  left join rosterd.users as keeper
    on open.what = 'user_name' and lower(keeper.user_name collate "C") = open.key
    and not exists (select from good where good.unique_id = keeper.unique_id and good.leaves_user_name)
  where open.what = 'user_name'
  union all
  select open.*, keeper.unique_id
  from open
  left join rosterd.users as keeper
    on open.what = 'email' and lower(keeper.email collate "C") = open.key
    and not exists (select from good where good.unique_id = keeper.unique_id and good.leaves_email)
  where open.what = 'email'
)
insert into taken (line, what, owner_line, owner_id)
select line, what, case when owner_id is null then first_line end, owner_id
from judged
where owner_id is not null or line > first_line
