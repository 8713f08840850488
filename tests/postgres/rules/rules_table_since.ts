/** Events between an import and its undo, and the changes that the undo does not reverse (docs/people.md#undo). */
import type { Settings } from "../../../src/domain/settings.ts";

/** Users 1 and 2 are active in Ottawa, with emails 1@x.org and 2@x.org and permits P1 and P2. User 3 is disabled. */
export interface Since {
  roster: string;
  /** SQL run by another program. */
  happens?: string;
  /** The result of the undo, without zeros, and the reasons why values were not restored. */
  then: Record<string, number | string[]>;
  /** The final state, city, email and active permits of user 1. */
  user: string | null;
}

export const SINCE_SETTINGS: Partial<Settings> = { archive_inactive_users: true };

const HEADER = "unique_id,login_source,city,email,active\n";
const MOVED = `${HEADER}1,ldap,Hull,new@x.org,\n`,
  GONE = `${HEADER}1,ldap,,,0\n`,
  CREATED = `${HEADER}4,ldap,Hull,4@x.org,\n`;

const set = (what: string, id = 1) => `update rosterd.users set ${what} where unique_id = '${id}'`;
const AGAIN = "active = false, archived_at = '2026-02-02Z'";
const AS_BEFORE = "active Ottawa 1@x.org P1";

export const SINCE: Record<string, Since> = {
  "nothing happened to changed values": { roster: MOVED, then: { restored: 1 }, user: AS_BEFORE },
  "another program changed one of the values": {
    roster: MOVED,
    happens: set("city = 'Aylmer'"),
    then: { restored: 1, left_out: ["1: city has changed since"] },
    user: "active Aylmer 1@x.org P1",
  },
  "another program cleared one of the values": {
    roster: MOVED,
    happens: set("city = null"),
    then: { restored: 1, left_out: ["1: city has changed since"] },
    user: "active - 1@x.org P1",
  },
  "another program changed all of the values": {
    roster: MOVED,
    happens: set("city = 'Aylmer', email = 'own@x.org'"),
    then: { left_out: ["1: city has changed since", "1: email has changed since"] },
    user: "active Aylmer own@x.org P1",
  },
  "another program changed a value that the import did not change": {
    roster: MOVED,
    happens: set("login_source = 'hr', active = false"),
    then: { restored: 1 },
    user: "disabled Ottawa 1@x.org P1",
  },
  "another program deleted the user": {
    roster: MOVED,
    happens: "delete from rosterd.users where unique_id = '1'",
    then: { left_out: ["1: the user no longer exists"] },
    user: null,
  },
  "another user took the email": {
    roster: MOVED,
    happens: set("email = '1@X.org'", 2),
    then: { restored: 1, left_out: ['1: email is now taken by user "2"'] },
    user: "active Ottawa new@x.org P1",
  },
  "a new user took the email": {
    roster: MOVED,
    happens: "insert into rosterd.users (unique_id, login_source, email) values ('9', 'ldap', '1@x.org')",
    then: { restored: 1, left_out: ['1: email is now taken by user "9"'] },
    user: "active Ottawa new@x.org P1",
  },
  "the email moved between users in the import, and another program took the last one": {
    roster: `${HEADER}1,ldap,,2@x.org,\n2,ldap,,new@x.org,\n`,
    happens: set("email = '1@x.org'", 3),
    then: { left_out: ['1: email is now taken by user "3"', '2: email is now taken by user "1"'] },
    user: "active Ottawa 2@x.org P1",
  },
  "users swapped their emails in the import": {
    roster: `${HEADER}1,ldap,,2@x.org,\n2,ldap,,1@x.org,\n`,
    then: { restored: 2 },
    user: AS_BEFORE,
  },
  "nothing happened to an archived user": { roster: GONE, then: { restored: 1, permits_restored: 1 }, user: AS_BEFORE },
  "another program made the archived user active": {
    roster: GONE,
    happens: set("active = true, archived_at = null"),
    then: { permits_restored: 1, left_out: ["1: active has changed since"] },
    user: AS_BEFORE,
  },
  "another program archived the user again": {
    roster: GONE,
    happens: set(AGAIN),
    then: { left_out: ["1: active has changed since"] },
    user: "archived Ottawa 1@x.org -",
  },
  "another program deleted the archived user": {
    roster: GONE,
    happens: "delete from rosterd.users where unique_id = '1'",
    then: { left_out: ["1: the user no longer exists"] },
    user: null,
  },
  "another program gave the permit's number to another user": {
    roster: GONE,
    happens: "insert into rosterd.permits (permit_no, unique_id) values ('P1', '2')",
    then: { restored: 1, left_out: ['1: permit "P1" stays released: another active permit has its number'] },
    user: "active Ottawa 1@x.org -",
  },
  "another program gave the permit's number to another user, who lost it": {
    roster: GONE,
    happens: "insert into rosterd.permits (permit_no, unique_id, status) values ('P1', '2', 'lost')",
    then: { restored: 1, permits_restored: 1 },
    user: AS_BEFORE,
  },
  "another program gave the permit itself to another user": {
    roster: GONE,
    happens: "update rosterd.permits set unique_id = '2', status = 'active', released_at = null where permit_no = 'P1'",
    then: { restored: 1, left_out: ['2: permit "P1" stays as it is: it has changed since'] },
    user: "active Ottawa 1@x.org -",
  },
  "another program marked the permit as lost": {
    roster: GONE,
    happens: "update rosterd.permits set status = 'lost' where permit_no = 'P1'",
    then: { restored: 1, left_out: ['1: permit "P1" stays as it is: it has changed since'] },
    user: "active Ottawa 1@x.org -",
  },
  "another program archived a user whom the import disabled": {
    // The guard allows the user to be disabled while archive_inactive_users is off.
    roster: `${HEADER}1,ldap,Hull,,0\n#off`,
    happens: set(AGAIN),
    then: { restored: 1, left_out: ["1: active has changed since"] },
    user: "archived Ottawa 1@x.org P1",
  },
  "another program enabled a user whom the import disabled": {
    roster: `${HEADER}1,ldap,Hull,,0\n#off`,
    happens: set("active = true"),
    then: { restored: 1, left_out: ["1: active has changed since"] },
    user: AS_BEFORE,
  },
  "another program archived a user whom the import enabled": {
    roster: `${HEADER}3,ldap,Hull,,1\n1,ldap,Hull,,\n`,
    happens: set(AGAIN, 3),
    then: { restored: 2, left_out: ["3: active has changed since"] },
    user: AS_BEFORE,
  },
  "another program enabled a disabled user whom the import archived": {
    roster: `${HEADER}3,ldap,,,0\n`,
    happens: set("active = true, archived_at = null", 3),
    then: { left_out: ["3: active has changed since"] },
    user: AS_BEFORE,
  },
  "nothing happened to a created user": { roster: CREATED, then: { archived: 1 }, user: AS_BEFORE },
  "another program gave permits to a user whom the import created": {
    roster: CREATED,
    happens: "insert into rosterd.permits (permit_no, unique_id) values ('P4', '4')",
    then: { archived: 1, permits_released: 1 },
    user: AS_BEFORE,
  },
  "another program changed a user whom the import created": {
    roster: CREATED,
    happens: set("city = 'Aylmer', active = false", 4),
    then: { archived: 1 },
    user: AS_BEFORE,
  },
  "another program archived a user whom the import created": {
    roster: CREATED,
    happens: set(AGAIN, 4),
    then: {},
    user: AS_BEFORE,
  },
  "another program deleted a user whom the import created": {
    roster: CREATED,
    happens: "delete from rosterd.users where unique_id = '4'",
    then: {},
    user: AS_BEFORE,
  },
  "the email moved to a user whom the import created": {
    roster: `${HEADER}1,ldap,,new@x.org,\n4,ldap,,1@x.org,\n`,
    then: { restored: 1, archived: 1 },
    user: AS_BEFORE,
  },
  "the email moved to a user whom the import created, and the old user has had a new one since": {
    roster: `${HEADER}1,ldap,,new@x.org,\n4,ldap,,1@x.org,\n`,
    happens: set("email = 'own@x.org'"),
    then: { archived: 1, left_out: ["1: email has changed since"] },
    user: "active Ottawa own@x.org P1",
  },
};
