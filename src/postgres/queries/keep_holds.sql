-- Stores the held users until they are approved or discarded. $1: the import's id.
insert into rosterd.import_held (import_id, unique_id, line, effect)
select $1::bigint, coalesce(new_id, unique_id), line, held from plan where held is not null
union all
select $1::bigint, unique_id, null, effect from missing where held
