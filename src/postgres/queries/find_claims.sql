-- Finds contested claims: those to a value that the file may contain twice or that another user has. An uncontested
-- claim always succeeds. A user who is already archived and whom no record reactivates gives up the value
-- (docs/file-format.md#taken-values).
insert into claims (line, what, key, holder_id, holder_state, leaver_line, giver_id, giver_version)
select
  line, what, key, case when not gives.up then holder_id end,
  case when active then 'active' when archived_at is null then 'disabled' else 'archived' end,
  case when not gives.up then leaver_line end, case when gives.up then holder_id end, version
from (
  select
    p.line, 'user_name' as what, p.claims_user_name as key, holder.unique_id as holder_id, holder.active,
    holder.archived_at, leaver.line as leaver_line, holder.xmin as version
  from plan as p
  left join (select distinct key from possible_duplicates where what = 'user_name') as s on s.key = p.claims_user_name
  left join rosterd.users as holder on lower(holder.user_name collate "C") = p.claims_user_name
  left join plan as leaver on leaver.unique_id = holder.unique_id and leaver.leaves_user_name
  where p.claims_user_name is not null and (s.key is not null or holder.unique_id is not null)
  union all
  select
    p.line, 'email', p.claims_email, holder.unique_id, holder.active,
    holder.archived_at, leaver.line, holder.xmin
  from plan as p
  left join (select distinct key from possible_duplicates where what = 'email') as s on s.key = p.claims_email
  left join rosterd.users as holder on lower(holder.email collate "C") = p.claims_email
  left join plan as leaver on leaver.unique_id = holder.unique_id and leaver.leaves_email
  where p.claims_email is not null and (s.key is not null or holder.unique_id is not null)
) as contested
cross join lateral (
  select case
    when archived_at is not null then holder_id not in (select unique_id from plan where transition = 'reactivate')
    else false[[ or holder_id in (select unique_id from missing where effect = 'merge')]]
  end as up
) as gives
