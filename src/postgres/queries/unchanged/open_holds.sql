-- Held users. Their records must not be skipped (note_otherwise.sql). $1: "open".
select h.unique_id from rosterd.import_held as h join rosterd.imports as i on i.id = h.import_id where i.hold_state = $1
