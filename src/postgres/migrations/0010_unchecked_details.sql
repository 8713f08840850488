-- Removes foreign keys, because checking them took longer than the insert itself. The foreign keys are not needed:
-- rosterd writes failures and changes only in the transaction that completes their import, and never deletes an import.
alter table rosterd.import_failures drop constraint if exists import_failures_import_id_fkey;
alter table rosterd.import_changes drop constraint if exists import_changes_import_id_fkey;
