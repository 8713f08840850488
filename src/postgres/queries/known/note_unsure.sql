-- Users of whom the record that was kept does not say what they are now: it was not applied, or not wholly, or it is one of
-- several; and whoever is held, by whatever import, must not be passed over (note_otherwise.sql).
insert into rosterd.changed_users
select unique_id from staged where exists (select from taken) and line in (select line from taken)
union
select unique_id from staged
where exists (select from repeats) and line in (select line from repeats union all select first_line from repeats)
union
select h.unique_id from rosterd.import_held as h join rosterd.imports as i on i.id = h.import_id where i.hold_state = 'open'
