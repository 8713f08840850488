-- Lists users whose row may differ from their record: the record was not applied or was applied only in part, the user
-- has several records or none, or the user was renamed. $1: whether the database may have changed the values that the
-- import wrote.
select unique_id from staged where exists (select from taken) and line in (select line from taken)
union
select unique_id from staged
where exists (select from repeats) and line in (select line from repeats union all select first_line from repeats)
union
select unique_id from overruled
union
select unique_id from plan where held is not null or ($1::boolean and (changes is not null or transition is not null or says is not null))
union
select unique_id from missing where not held
union
select giver_id from claims where giver_id is not null
union
select unique_id from plan where new_id is not null
