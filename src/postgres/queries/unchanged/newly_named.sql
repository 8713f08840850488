-- Computes how much the import's plan increases the number of users that the feed names.
select
  (select count(*) from plan where version is null or (said is null and says is not null))
    - (select count(*) from missing where not held and not is_named and said is not null) as users
