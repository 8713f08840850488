-- Counts the users and computes the total of the sums in sums.sql, in a third of the time.
select
  coalesce(sum(hashtextextended(unique_id collate "C", (age('3'::xid)::bigint - age(xmin)) & 4294967295) >> 16), 0)::text as total,
  count(*) as users
from rosterd.users
