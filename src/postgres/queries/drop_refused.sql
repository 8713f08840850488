-- A record with a taken value fails whole.
with refused as (
  select distinct line from taken
),
known as (
  delete from plan where line in (select line from refused)
)
delete from newcomers where line in (select line from refused)
