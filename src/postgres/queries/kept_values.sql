-- Lists the first few values that users keep although the roster has different ones, for `check`. $1: the limit.
select line, unique_id, name as "column", value as roster, kept
from overruled where name <> 'unique_id'
order by line, name
limit $1
