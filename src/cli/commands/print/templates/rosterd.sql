-- Creates the role and the database of rosterd. Save it as rosterd.sql, choose a password in it, then run it as a
-- superuser of the server: sudo -u postgres psql -f rosterd.sql
create role rosterd login password 'choose one';
create database rosterd owner rosterd encoding 'UTF8' template template0;
revoke connect on database rosterd from public;

-- Then set DATABASE_URL=postgres://rosterd:PASSWORD@127.0.0.1/rosterd and start rosterd, which creates its tables.
