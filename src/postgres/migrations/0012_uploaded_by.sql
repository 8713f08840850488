-- The token that uploaded the file over HTTP, or the operating system's user who ran the command.
alter table rosterd.imports add column uploaded_by text;
