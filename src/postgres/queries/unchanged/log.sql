select concat_ws(' ', count(*), sum(entries), sum(hashint8extended(id, (age('3'::xid)::bigint - age(xmin)) & 4294967295) >> 16))
from rosterd.known_records where feed = $1
