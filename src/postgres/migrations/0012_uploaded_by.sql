-- The name of the token that uploaded the file over HTTP, or the name of the system user who ran the command.
alter table rosterd.imports add column uploaded_by text;
