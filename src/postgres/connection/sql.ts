/** How statements are sent: the driver, as every connection has it. */
import postgres from "postgres";
import { STARTUP } from "../session.ts";
import { ARRAYS } from "./arrays.ts";

export type Sql = postgres.Sql<{ bigint: number }>;
export type Tx = postgres.TransactionSql<{ bigint: number }>;

/** Counts and ids are far below 2^53. */
const BIGINT: postgres.PostgresType<number> = { to: 20, from: [20], serialize: String, parse: Number };

/** How every connection is made. Unnamed statements only, so that a pooler may stand in between. */
export const CONNECTION = {
  prepare: false,
  connect_timeout: 10,
  fetch_types: false,
  onnotice: () => {},
  connection: { application_name: "rosterd", ...STARTUP },
  types: { bigint: BIGINT, ...ARRAYS },
};

export type Isolation = "read committed" | "repeatable read";
