-- Drops records with a taken value from the plan, because one taken value makes the whole record fail.
delete from plan where line in (select line from taken)[[;
delete from missing where line in (select line from taken)]]
