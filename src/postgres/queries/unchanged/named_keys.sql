-- Returns the keys of the users whom the feed names, 8 bytes each, in up to 64 rows. $1: the feed.
select encode(string_agg(int8send(key), ''), 'base64') as keys
from (select hashtextextended(unique_id collate "C", 0) as key from rosterd.users where feeds ? $1) as named
group by key & 63
