-- Removes the users from the examples that explain why the change guard held a file.
update rosterd.imports as i
set hold_columns = (
  select coalesce(jsonb_agg(one.spoiled || jsonb_build_object('examples', (
    select coalesce(jsonb_agg(example), '[]') from jsonb_array_elements(one.spoiled -> 'examples') as example
    where not exists (
      select from erased_ids as e where e.unique_id = example ->> 'unique_id' and i.id between e.first_import and e.last_import
    )
  ))), '[]')
  from jsonb_array_elements(i.hold_columns) as one (spoiled)
)
where exists (
  select from jsonb_array_elements(i.hold_columns) as one (spoiled)
  cross join jsonb_array_elements(one.spoiled -> 'examples') as example
  join erased_ids as e on e.unique_id = example ->> 'unique_id' and i.id between e.first_import and e.last_import
)
