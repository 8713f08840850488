/** The session settings that rosterd needs. They override those of the server, the database and the role. */

/**
 * The settings that are sent when a connection starts. In transaction mode, PgBouncer tracks these four and refuses all
 * others.
 */
export const STARTUP = {
  client_encoding: "UTF8",
  DateStyle: "ISO, YMD",
  TimeZone: "UTC",
  standard_conforming_strings: "on",
};

/** The settings that each transaction sets again, because a pooler may switch to another server connection. */
const IN_TRANSACTION: Readonly<Record<string, string>> = {
  ...STARTUP,
  array_nulls: "on",
  bytea_output: "hex",
  extra_float_digits: "1",
  IntervalStyle: "postgres",
  quote_all_identifiers: "off",
  // With this setting, a query fails (42501) if row security would hide rows from it. Otherwise, an import would miss
  // those users and create them again.
  row_security: "off",
  transform_null_equals: "off",
  xmloption: "content",
  idle_in_transaction_session_timeout: "0",
  lock_timeout: "0",
  statement_timeout: "0",
};

/** This setting requires PostgreSQL 17 or later. */
const TRANSACTION_TIMEOUT =
  "select set_config(name, '0', true) from (values ('transaction_timeout')) as known (name) " +
  "where current_setting(name, true) is not null";

export const SESSION_SETUP = [
  ...Object.entries(IN_TRANSACTION).filter(([name]) => name !== "client_encoding")
    .map(([name, value]) => `set local ${name} = '${value}'`),
  TRANSACTION_TIMEOUT,
].join("; ");
