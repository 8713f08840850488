-- How many more users the import's feed names than before its plan was carried out.
select
  (select count(*) from plan where version is null or (said is null and says is not null))
    - (select count(*) from missing where not held and said is not null) as users
