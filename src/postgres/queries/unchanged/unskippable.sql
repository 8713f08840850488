-- Lists users whose records must not be skipped: held users (note_otherwise.sql) and users whose last record failed
-- (end_failures.sql). $1: the hold state "open"; $2: the feed.
select h.unique_id from rosterd.import_held as h join rosterd.imports as i on i.id = h.import_id where i.hold_state = $1
union all
select unique_id from rosterd.import_failures where open_feed = $2 and unique_id is not null
