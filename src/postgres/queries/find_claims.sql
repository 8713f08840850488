-- Finds contested claims: the file may contain the value twice, or another user has it. Every other claim succeeds. A
-- user who was archived before and whom no record reactivates does not keep a value (docs/file-format.md#taken-values).
insert into claims (line, what, key, holder_id, holder_state, leaver_line, giver_id, giver_version)
select
  p.line, 'user_name', p.claims_user_name, case when not gives.up then holder.unique_id end,
  case when holder.active then 'active' when holder.archived_at is null then 'disabled' else 'archived' end,
  case when not gives.up then leaver.line end, case when gives.up then holder.unique_id end, holder.xmin
from plan as p
left join (select distinct key from possible_duplicates where what = 'user_name') as s on s.key = p.claims_user_name
left join rosterd.users as holder on lower(holder.user_name collate "C") = p.claims_user_name
left join plan as leaver on leaver.unique_id = holder.unique_id and leaver.leaves_user_name
cross join lateral (
  select case
    when holder.archived_at is not null then holder.unique_id not in (select unique_id from plan where transition = 'reactivate')
    else false[[ or holder.unique_id in (select unique_id from missing where effect = 'merge')]]
  end as up
) as gives
where p.claims_user_name is not null and (s.key is not null or holder.unique_id is not null)
union all
select
  p.line, 'email', p.claims_email, case when not gives.up then holder.unique_id end,
  case when holder.active then 'active' when holder.archived_at is null then 'disabled' else 'archived' end,
  case when not gives.up then leaver.line end, case when gives.up then holder.unique_id end, holder.xmin
from plan as p
left join (select distinct key from possible_duplicates where what = 'email') as s on s.key = p.claims_email
left join rosterd.users as holder on lower(holder.email collate "C") = p.claims_email
left join plan as leaver on leaver.unique_id = holder.unique_id and leaver.leaves_email
cross join lateral (
  select case
    when holder.archived_at is not null then holder.unique_id not in (select unique_id from plan where transition = 'reactivate')
    else false[[ or holder.unique_id in (select unique_id from missing where effect = 'merge')]]
  end as up
) as gives
where p.claims_email is not null and (s.key is not null or holder.unique_id is not null)
