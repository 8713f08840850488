-- Replaces the unique_id of erased users in failures of other records. Such a record claims a value of the user, or has
-- a similar unique_id.
update rosterd.import_failures as f
set problems = (
  select jsonb_agg(case when e.unique_id is null then problem else jsonb_set(problem, '{reason}', to_jsonb(
      replace(replace(problem ->> 'reason', '"' || e.unique_id || '"', '"(erased)"'), ' like ' || e.unique_id || ' ', ' like (erased) ')
    )) end order by at)
  from jsonb_array_elements(f.problems) with ordinality as problems (problem, at)
  left join erasing as e on e.unique_id = {{named}}
)
where exists (
  select from jsonb_array_elements(f.problems) as problems (problem) join erasing as e on e.unique_id = {{named}}
)
