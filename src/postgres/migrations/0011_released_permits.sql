-- The numbers of the permits that an undone import had released. Before the undo, rosterd.permits contains these
-- numbers.
alter table rosterd.import_changes add column permits_released text[];
