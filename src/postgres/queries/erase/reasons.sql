-- Removes the ids of erased users from the reasons why other records failed. Such a record claimed an erased user's
-- value or id. Also deletes failed records whose unique_id is the id of an erased user without its leading zeros,
-- because they belong to that user.
delete from rosterd.import_failures as f
where f.problems::text like '%without its leading zeros%' and exists (
  select from jsonb_array_elements(f.problems) as problems (problem)
  join erased_ids as e on e.unique_id = substring(problem ->> 'reason' from ' looks like (.*) without its leading zeros')
  where f.import_id between e.first_import and e.last_import
);
update rosterd.import_failures as f
set problems = (
  select jsonb_agg(case when not {{is_erased}} then problem
    else jsonb_set(problem, '{reason}', to_jsonb(replace(problem ->> 'reason', '"' || {{named}} || '"', '"(erased)"')))
  end order by at)
  from jsonb_array_elements(f.problems) with ordinality as problems (problem, at)
)
where exists (select from jsonb_array_elements(f.problems) as problems (problem) where {{is_erased}})
