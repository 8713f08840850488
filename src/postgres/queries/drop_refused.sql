-- A record with a taken value fails whole.
delete from plan where line in (select line from taken)
