-- Removes the users from the examples with which the change guard held a file.
update rosterd.imports as i
set hold_columns = (
  select coalesce(jsonb_agg(one.spoiled || jsonb_build_object('examples', (
    select coalesce(jsonb_agg(example), '[]') from jsonb_array_elements(one.spoiled -> 'examples') as example
    where example ->> 'unique_id' not in (select unique_id from erasing)
  ))), '[]')
  from jsonb_array_elements(i.hold_columns) as one (spoiled)
)
where exists (
  select from jsonb_array_elements(i.hold_columns) as one (spoiled)
  cross join jsonb_array_elements(one.spoiled -> 'examples') as example
  join erasing as e on e.unique_id = example ->> 'unique_id'
)
