/**
 * What rosterd needs of its sessions, whatever the server, the database or the role sets: how values look, how they are read, and
 * that nothing ends them early.
 */

/** At the start of each connection. PgBouncer tracks these four in transaction mode; it refuses any other. */
export const STARTUP = {
  client_encoding: "UTF8",
  DateStyle: "ISO, YMD",
  TimeZone: "UTC",
  standard_conforming_strings: "on",
};

/** In each transaction, where a pooler may give another connection of the server. */
const IN_TRANSACTION: Readonly<Record<string, string>> = {
  ...STARTUP,
  array_nulls: "on",
  bytea_output: "hex",
  extra_float_digits: "1",
  IntervalStyle: "postgres",
  quote_all_identifiers: "off",
  transform_null_equals: "off",
  xmloption: "content",
  idle_in_transaction_session_timeout: "0",
  lock_timeout: "0",
  statement_timeout: "0",
};
/** Only PostgreSQL 17 and later knows it. */
const TRANSACTION_TIMEOUT =
  "select set_config(name, '0', true) from (values ('transaction_timeout')) as known (name) " +
  "where current_setting(name, true) is not null";

/** Statements that make a transaction rosterd's own. */
export const SESSION_SETUP = [
  ...Object.entries(IN_TRANSACTION).filter(([name]) => name !== "client_encoding")
    .map(([name, value]) => `set local ${name} = '${value}'`),
  TRANSACTION_TIMEOUT,
].join("; ");
