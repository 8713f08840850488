-- The numbers of the permits that an undone import had released. Until the undo, rosterd.permits itself tells them.
alter table rosterd.import_changes add column permits_released text[];
