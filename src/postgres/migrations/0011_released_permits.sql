-- The numbers of the permits that an undone import had released. Until the undo, they can be read from rosterd.permits.
alter table rosterd.import_changes add column permits_released text[];
