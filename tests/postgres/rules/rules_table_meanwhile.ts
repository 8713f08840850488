/** Events between a hold and its approval, and the approval's effect on the user. */
import type { Settings } from "../../../src/domain/settings.ts";

const HOLDS = { max_percent: 0, min_users: 0 }, OFF = { max_percent: 100, min_users: 0 };
export const archiving: Partial<Settings> = { archive_inactive_users: true, archive_guard: HOLDS };
export const disabling: Partial<Settings> = { archive_guard: HOLDS };
const missing: Partial<Settings> = { missing_users: "archive", archive_guard: HOLDS };

export const HEADER = "unique_id,login_source,city,active\n";

/** How user 1 is held before the event. */
export const HELD = {
  "to be archived": { settings: archiving, roster: `${HEADER}1,ldap,,0\n2,ldap,,1\n` },
  "to be disabled": { settings: disabling, roster: `${HEADER}1,ldap,,0\n2,ldap,,1\n` },
  "missing": { settings: missing, roster: `${HEADER}2,ldap,,1\n` },
};

export type Held = keyof typeof HELD;

export interface Meanwhile {
  held: Held;
  /** SQL run by another program, or a later roster. */
  happens: string | { roster: string; settings?: Partial<Settings> };
  /** The result of the approval. N is the id of the later import. */
  then: Record<string, unknown>;
  state: string;
}

const ARCHIVED = { archived: 1, permits_released: 1 }, DISABLED = { disabled: 1 };
const OTHERWISE = { 1: 'a later roster says otherwise (import N, "roster.csv")' };
const later = (line: string, settings: Partial<Settings> = disabling) => ({ roster: `${HEADER}${line}\n`, settings });

export const MEANWHILE: Record<string, Meanwhile> = {
  "nothing, so the user is archived": { held: "to be archived", happens: "", then: ARCHIVED, state: "archived" },
  "nothing, so the user is disabled": { held: "to be disabled", happens: "", then: DISABLED, state: "disabled" },
  "nothing, so the missing user is archived": { held: "missing", happens: "", then: ARCHIVED, state: "archived" },
  "another program deleted the user": {
    held: "to be archived",
    happens: "delete from rosterd.users where unique_id = '1'",
    then: { 1: "the user no longer exists" },
    state: "unknown",
  },
  "another program archived the user": {
    held: "missing",
    happens: "update rosterd.users set active = false, archived_at = '2026-02-02Z' where unique_id = '1'",
    then: { 1: "the user is already archived" },
    state: "archived",
  },
  "another program disabled a user on hold for archiving": {
    held: "to be archived",
    happens: "update rosterd.users set active = false where unique_id = '1'",
    then: ARCHIVED,
    state: "archived",
  },
  "another program disabled a user on hold for disabling": {
    held: "to be disabled",
    happens: "update rosterd.users set active = false where unique_id = '1'",
    then: { 1: "the user is no longer active" },
    state: "disabled",
  },
  "a later import archived the user with the guard off": {
    held: "to be archived",
    happens: later("1,ldap,,0", { ...archiving, archive_guard: OFF }),
    then: { 1: "the user is already archived" },
    state: "archived",
  },
  "a later import disabled the user with the guard off": {
    held: "to be archived",
    happens: later("1,ldap,,0", { archive_guard: OFF }),
    then: ARCHIVED,
    state: "archived",
  },
  "a later record says that the user is active": {
    held: "to be archived",
    happens: later("1,ldap,,1"),
    then: OTHERWISE,
    state: "active",
  },
  "a later record says that a user to be disabled is active, and changes a value": {
    held: "to be disabled",
    happens: later("1,ldap,Hull,1"),
    then: OTHERWISE,
    state: "active",
  },
  "a later record says that a missing user is active": {
    held: "missing",
    happens: later("1,ldap,,1"),
    then: OTHERWISE,
    state: "active",
  },
  "a later record says that a missing user is active, while missing users are kept": {
    held: "missing",
    happens: { roster: "unique_id,login_source\n1,ldap\n", settings: {} },
    then: OTHERWISE,
    state: "active",
  },
  "a later record lists the missing user in another login source": {
    held: "missing",
    happens: later("1,hr,,", missing),
    then: OTHERWISE,
    state: "active",
  },
  "a later record lists the missing user and disables the user": {
    held: "missing",
    happens: later("1,ldap,,0", disabling),
    then: OTHERWISE,
    state: "active",
  },
  "a later record says nothing about active": {
    held: "to be archived",
    happens: later("1,ldap,Hull,"),
    then: ARCHIVED,
    state: "archived",
  },
  "a later record also says that the user is inactive": {
    held: "to be archived",
    happens: later("1,ldap,,0", archiving),
    then: ARCHIVED,
    state: "archived",
  },
  "a later record archives the missing user": {
    held: "missing",
    happens: later("1,ldap,,0", archiving),
    then: ARCHIVED,
    state: "archived",
  },
  "the user is also missing from a later roster": {
    held: "missing",
    happens: later("2,ldap,,1", missing),
    then: ARCHIVED,
    state: "archived",
  },
  "a later record that keeps the user failed": {
    held: "to be archived",
    happens: later("1,,,1"),
    then: ARCHIVED,
    state: "archived",
  },
  "a later record that keeps the user failed as a repeat": {
    held: "to be archived",
    happens: later("1,ldap,,0\n1,ldap,,1", archiving),
    then: ARCHIVED,
    state: "archived",
  },
  "a later record that keeps the user failed because of a taken email": {
    held: "to be archived",
    happens: { roster: "unique_id,login_source,email,active\n1,ldap,2@x.org,1\n", settings: archiving },
    then: ARCHIVED,
    state: "archived",
  },
  "a later roster lists only other users": {
    held: "to be archived",
    happens: later("3,ldap,,1"),
    then: ARCHIVED,
    state: "archived",
  },
  "the settings now say disable, but the import's settings apply": {
    held: "to be archived",
    happens: later("2,ldap,,1", { archive_guard: OFF }),
    then: ARCHIVED,
    state: "archived",
  },
  "the settings now say archive, but the import's settings apply": {
    held: "to be disabled",
    happens: later("2,ldap,,1", { ...archiving, archive_guard: OFF }),
    then: DISABLED,
    state: "disabled",
  },
  "the settings now keep missing users, but the import's settings apply": {
    held: "missing",
    happens: later("2,ldap,,1", { missing_users: "keep" }),
    then: ARCHIVED,
    state: "archived",
  },
};
