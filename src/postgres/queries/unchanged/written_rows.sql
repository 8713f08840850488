-- The rows that the plan replaced, and those that it wrote.
select unique_id, version, -1 as sign from plan
where version is not null and (changes is not null or transition is not null)
union all
select u.unique_id, u.xmin, 1 from plan as p join rosterd.users as u on u.unique_id = p.unique_id
where p.changes is not null or p.transition is not null
