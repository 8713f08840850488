/**
 * All the ways in which other programs can change users between two imports of the same roster. After the second
 * import, every user must match the roster. The unchanged-record cache must never skip the record of a changed user.
 */
import assert from "node:assert/strict";
import type { RosterDatabase } from "./roster_database.ts";

/** Additional users that make the roster long enough for the cache to be used. */
const FIRST = Array.from(
  { length: 255 },
  (_, at) => `first${at},ldap,,,,,${"so long that it is worth loading the cache".repeat(2)}`,
);

export type City = "Ottawa" | "Hull" | "Gatineau";

/** A roster with users `a` to `h`, each in a city, and 255 others. */
export function rosterOf(cities: readonly City[], archives = ""): string {
  const people = cities.map((city, at) => {
    const id = "abcdefgh"[at];
    return `${id},ldap,${city},${id}@x.ca,${city === "Hull" ? "far" : "near"},${archives.includes(id) ? 0 : 1},`;
  });
  return ["unique_id,login_source,city,email,student_no,active,note", ...FIRST, ...people, ""].join("\n");
}

export const CITIES: readonly City[] = ["Ottawa", "Hull", "Gatineau", "Ottawa", "Hull", "Gatineau", "Ottawa", "Hull"];
export const ROSTER = rosterOf(CITIES);

/** Asserts that the users match a roster. */
export async function requireAsRoster(db: RosterDatabase, cities: readonly City[], about = ""): Promise<void> {
  const users = await db.users();
  assert.equal(Object.keys(users).filter((id) => id.startsWith("first")).length, FIRST.length, about);
  const found = cities.map((_, at) => {
    const { city, email, student_no } = users["abcdefgh"[at]] ?? {};
    return { city, email, student_no };
  });
  const expected = cities.map((city, at) => ({
    city,
    email: `${"abcdefgh"[at]}@x.ca`,
    student_no: city === "Hull" ? "far" : "near",
  }));
  assert.deepEqual(found, expected, about);
}

/** Replaces the schema with an empty one; this is faster than creating another database. */
export async function beginAnew(db: RosterDatabase): Promise<void> {
  await db.sql`drop schema if exists rosterd cascade`;
  await db.sql`drop schema if exists customer cascade`;
  await db.sql`create schema customer`;
  await db.migrate();
}

/** These changes can be applied repeatedly and in any order. */
export const CHANGES: Readonly<Record<string, string>> = {
  "an update": "update rosterd.users set city = 'Toronto' where unique_id in ('a', 'b')",
  "an update of all users": "update rosterd.users set city = 'Toronto'",
  "a deletion": "delete from rosterd.users where unique_id in ('b', 'c')",
  "a deletion and the insertion of other users": `
    delete from rosterd.users where unique_id = 'c';
    insert into rosterd.users (unique_id, login_source)
    select 'other' || gen_random_uuid(), 'ldap' from generate_series(1, 2)`,
  "a changed unique_id": "update rosterd.users set unique_id = gen_random_uuid(), email = null where unique_id = 'd'",
  "an update as a replica": `
    set session_replication_role = replica;
    update rosterd.users set city = 'Toronto' where unique_id = 'a';
    reset session_replication_role`,
  "an update while all triggers are disabled": `
    alter table rosterd.users disable trigger all;
    update rosterd.users set city = 'Toronto' where unique_id = 'a';
    alter table rosterd.users enable trigger all`,
  "an update by a session that uses rosterd's own setting": `
    set rosterd.importing = 'on';
    update rosterd.users set city = 'Toronto' where unique_id = 'a';
    reset rosterd.importing`,
  "truncating the table": "truncate rosterd.users cascade",
  "replacing all rows with older ones": `
    create temp table older as select * from rosterd.users;
    update older set city = 'Toronto' where unique_id in ('a', 'b');
    delete from older where unique_id = 'c';
    truncate rosterd.users cascade;
    insert into rosterd.users select * from older;
    drop table older`,
  "rewriting a column": "alter table rosterd.users alter city type text using upper(city)",
  "rewriting a column with a new type": "alter table rosterd.users alter city type varchar(2000) using upper(city)",
  "dropping and adding a column":
    "alter table rosterd.users drop column city; alter table rosterd.users add column city text",
  "dropping a column and adding it with a default":
    "alter table rosterd.users drop column city; alter table rosterd.users add column city text default 'Toronto'",
  "swapping the names of two columns": `
    alter table rosterd.users rename city to was_city;
    alter table rosterd.users rename student_no to city;
    alter table rosterd.users rename was_city to student_no`,
  "replacing the table": `
    create table rosterd.users_next (like rosterd.users including all);
    insert into rosterd.users_next select * from rosterd.users;
    update rosterd.users_next set city = 'Toronto' where unique_id in ('a', 'b');
    drop table rosterd.users;
    alter table rosterd.users_next rename to users`,
  "moving rows to a child table and dropping it": `
    create table if not exists customer.some_users () inherits (rosterd.users);
    insert into customer.some_users select * from rosterd.users where unique_id = 'e';
    delete from only rosterd.users where unique_id = 'e';
    drop table customer.some_users`,
  "an update through a view": `
    create or replace view customer.people as select unique_id, city from rosterd.users;
    update customer.people set city = 'Toronto' where unique_id = 'f';
    drop view customer.people`,
  "an update by a cascading foreign key": `
    create table customer.cities as select distinct city from rosterd.users where city is not null;
    alter table customer.cities add primary key (city);
    alter table rosterd.users add constraint in_cities foreign key (city) references customer.cities on update cascade;
    update customer.cities set city = 'New ' || city;
    alter table rosterd.users drop constraint in_cities;
    drop table customer.cities`,
  "a row updated twice in one transaction after a rolled-back update": `
    do $$ begin
      begin
        update rosterd.users set city = 'Toronto' where unique_id in ('a', 'b');
        raise exception 'given up';
      exception when raise_exception then
        update rosterd.users set city = 'London' where unique_id = 'b';
      end;
      update rosterd.users set city = 'Paris' where unique_id = 'b';
    end $$`,
  "rewriting the table": "vacuum full rosterd.users",
  "restoring an older log": `
    create temp table older as select * from rosterd.known_records;
    update rosterd.users set city = 'Toronto' where unique_id = 'a';
    delete from rosterd.known_records;
    insert into rosterd.known_records (entries, digests) select entries, digests from older;
    drop table older`,
};

/** Triggers that a customer has during the first import and removes before the second. */
export const CUSTOMERS_CODE: Readonly<Record<string, { stands: string; goes: string }>> = {
  "a trigger that changes written values": {
    stands: `
      create function customer.upper_city() returns trigger language plpgsql as $$ begin new.city := upper(new.city); return new; end $$;
      create trigger upper_city before insert or update on rosterd.users for each row execute function customer.upper_city()`,
    goes: "drop function customer.upper_city() cascade",
  },
  "a trigger that discards updates": {
    stands: `
      create function customer.no_update() returns trigger language plpgsql as $$ begin return null; end $$;
      create trigger no_update before update on rosterd.users for each row execute function customer.no_update()`,
    goes: "drop function customer.no_update() cascade",
  },
  "a trigger that updates the row again": {
    stands: `
      create function customer.again() returns trigger language plpgsql as $$ begin
        update rosterd.users set city = 'Toronto' where unique_id = new.unique_id and city is distinct from 'Toronto'; return null; end $$;
      create trigger again after insert or update on rosterd.users for each row execute function customer.again()`,
    goes: "drop function customer.again() cascade",
  },
  "a trigger that updates users at the end of the transaction": {
    stands: `
      create function customer.late() returns trigger language plpgsql as $$ begin
        update rosterd.users set city = 'Toronto'; return null; end $$;
      create constraint trigger late after update on rosterd.imports deferrable initially deferred
        for each row execute function customer.late()`,
    goes: "drop function customer.late() cascade",
  },
  "rules that change what a statement does": {
    stands: `create rule elsewhere as on update to rosterd.users do also
      update rosterd.imports set failed_file = null where id < 0;
      create rule nothing as on insert to rosterd.users where new.unique_id = 'b' do instead nothing`,
    goes: "drop rule elsewhere on rosterd.users; drop rule nothing on rosterd.users",
  },
  "a permit function that updates users": {
    stands:
      `create or replace function rosterd.release_permits(user_ids text[], import_id bigint) returns bigint language sql as $$
      update rosterd.users set city = 'Toronto' where unique_id in ('a', 'b', 'h'); select 0::bigint $$`,
    goes:
      `create or replace function rosterd.release_permits(user_ids text[], import_id bigint) returns bigint language sql as $$
      select 0::bigint $$`,
  },
  "a check constraint that updates users": {
    stands: `
      create table customer.seen (id text);
      create function customer.look(id text) returns boolean language plpgsql as $$ begin
        update rosterd.users set city = 'Toronto' where unique_id = 'a' and id = 'b'; return true; end $$;
      alter table rosterd.users add constraint look check (customer.look(unique_id))`,
    goes: "drop function customer.look(text) cascade",
  },
};
