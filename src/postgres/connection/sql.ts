/** The driver's types and options for every connection. */
import postgres from "postgres";
import { STARTUP } from "../session.ts";
import { ARRAYS } from "./arrays.ts";

export type Sql = postgres.Sql<{ bigint: number }>;
export type Tx = postgres.TransactionSql<{ bigint: number }>;

/** Counts and ids are far below 2^53. */
const BIGINT: postgres.PostgresType<number> = { to: 20, from: [20], serialize: String, parse: Number };

/** Uses unnamed statements only, so that connections work through a pooler. */
export const CONNECTION = {
  prepare: false,
  connect_timeout: 10,
  fetch_types: false,
  onnotice: () => {},
  connection: { application_name: "rosterd", ...STARTUP },
  types: { bigint: BIGINT, ...ARRAYS },
};

export type Isolation = "read committed" | "repeatable read";
