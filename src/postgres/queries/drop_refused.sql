-- Drops records with a taken value from the plan, because such a record fails as a whole.
delete from plan where line in (select line from taken)[[;
delete from missing where line in (select line from taken)]]
