-- For each bucket of users, computes a sum over their keys and row versions, as pairs of 4 and 8 bytes. The difference
-- of two age() values converts an xid to a number: its distance from an xid that never changes. The shift keeps the
-- sums small. $1: the number of buckets, a power of 2, minus 1.
select encode(string_agg(int4send(bucket) || int8send(total), ''), 'base64') as sums
from (
  select
    (hashtextextended(unique_id collate "C", 0) & $1)::integer as bucket,
    sum(sign * (hashtextextended(unique_id collate "C", (age('3'::xid)::bigint - age(version)) & 4294967295) >> 16))::bigint as total
  from ({{rows}}) as rows
  group by 1
) as buckets
