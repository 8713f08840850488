-- Counts how many more users the feed names after the import than before.
select
  (select count(*) from plan where version is null or (said is null and says is not null))
    - (select count(*) from missing where not held and not is_named and said is not null) as users
