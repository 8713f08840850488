/** Runs the database checks of `rosterd doctor`: server, schema and rights. The checks change nothing. */
import { bad, type Finding, good, warning } from "../domain/finding.ts";
import { codeOrThrow } from "../runtime/errors.ts";
import { withTimeout } from "../runtime/with_timeout.ts";
import { type Database, requireSuitable, UnsuitableDatabase } from "./connection/connect.ts";
import { explainFully } from "./connection/errors.ts";
import { checkConnections, CONNECTIONS_NEEDED } from "./connection_limits.ts";
import { SCHEMA_VERSION } from "./migrate.ts";
import { checkReplication } from "./replication.ts";
import { checkRights } from "./rights.ts";
import { checkStructure } from "./structure.ts";

const ANSWER_TIMEOUT_MS = 15_000;

/** Yields one finding at a time. Stops after the first one if the database cannot be used. */
export async function* checkDatabase(database: Database): AsyncGenerator<Finding> {
  const { sql } = database;
  const first = await answerOf(() => checkServer(database));
  yield first;
  if (first.verdict === "bad") return;
  let more: Finding[] = [];
  yield await answerOf(async () => {
    const { version, findings } = await checkRights(sql);
    const structure = version === SCHEMA_VERSION ? await checkStructure(database) : [];
    more = [...findings, ...structure, ...await checkConnections(sql), ...await checkReplication(sql)];
    return checkSchema(version);
  });
  yield* more;
}

/** Checks that the server answers, is suitable and writable, and returns values unchanged. */
async function checkServer(database: Database): Promise<Finding> {
  const { sql, kind } = database;
  try {
    await requireSuitable(sql);
  } catch (error) {
    if (!(error instanceof UnsuitableDatabase)) throw error;
    return bad("database", error.what, `To use it with rosterd, ${error.fix}.`);
  }
  const [{ version, read_only }] = await sql<{ version: string; read_only: boolean }[]>`
    select split_part(current_setting('server_version'), ' ', 1) as version,
      pg_is_in_recovery() or current_setting('transaction_read_only')::boolean as read_only`;
  if (read_only) {
    const fix = "Point DATABASE_URL at the primary server, and check default_transaction_read_only.";
    return bad("database", `PostgreSQL ${version} answers, but is read-only`, fix);
  }
  const changed = await changedValues(database);
  if (changed.length > 0) {
    const fix = "Check the settings of the database and of the role (\\drds in psql), and any pooler in between.";
    return bad("database", `some values do not survive a round trip: ${changed.join(", ")}`, fix);
  }
  if (kind === "server") return good("database", `PostgreSQL ${version} is responding and uses UTF-8`);
  return embedded(`the embedded PostgreSQL ${version} answers`);
}

/** Returns the kinds of values that the session reads or returns in an unexpected form. */
async function changedValues({ transaction }: Database): Promise<string[]> {
  return await transaction(async (tx) => {
    const [row] = await tx`
      select date '2026-11-02' = ${"2026-11-02"}::date and ${"2026-11-02"}::date::text = '2026-11-02' as date,
        timestamptz '2026-11-02T03:04:05Z' as time, ${"a\\b"}::text = chr(97) || chr(92) || 'b' as text,
        '\\'::text = chr(92) as backslash, ${"é"}::text = chr(233) as encoding, 9007199254740991::bigint as bigint,
        0.1::float8 as float, true as boolean, '\\x00ff'::bytea as bytes, interval '1 day 02:00'::text = '1 day 02:00:00' as interval,
        ('{NULL}'::text[])[1] is null as array`;
    const isRight: Record<string, boolean> = {
      "a date": row.date,
      "a time": row.time instanceof Date && row.time.toISOString() === "2026-11-02T03:04:05.000Z",
      "a text": row.text && row.backslash,
      "a letter with an accent": row.encoding,
      "a whole number": Number(row.bigint) === Number.MAX_SAFE_INTEGER,
      "a fraction": row.float === 0.1,
      "a boolean": row.boolean === true,
      "bytes": row.bytes instanceof Uint8Array && [...row.bytes].join() === "0,255",
      "an interval": row.interval,
      "a list": row.array,
    };
    return Object.keys(isRight).filter((name) => !isRight[name]);
  });
}

export function embedded(what: string): Finding {
  const fix = "Before you rely on rosterd, set DATABASE_URL to a server with PostgreSQL 13 or later.";
  return warning(
    "database",
    `${what}; use it only to try out rosterd, because it does not wait until data is on disk`,
    fix,
  );
}

function checkSchema(version: number | null): Finding {
  const needed = `this version of rosterd needs schema ${SCHEMA_VERSION}`;
  if (version === null) {
    return bad("schema", "rosterd cannot read the version of its schema", "Grant the missing rights listed below.");
  }
  if (version > SCHEMA_VERSION) {
    return bad(
      "schema",
      `the database has schema ${version}, but ${needed}`,
      "Start a newer version of rosterd on this database.",
    );
  }
  if (version === 0) return good("schema", "rosterd's tables do not exist yet: the first start creates them");
  if (version === SCHEMA_VERSION) return good("schema", `the schema is up to date (schema ${version})`);
  return good("schema", `the database has schema ${version}, and ${needed}: the next start upgrades it`);
}

async function answerOf(work: () => Promise<Finding>): Promise<Finding> {
  try {
    return await withTimeout(ANSWER_TIMEOUT_MS, work());
  } catch (error) {
    const code = codeOrThrow(error);
    return bad("database", explainFully(error), FIXES[code] ?? "Check DATABASE_URL and the server's log.");
  }
}

const FIXES: Readonly<Record<string, string>> = {
  ECONNREFUSED: "Start the server, or check the host and port in DATABASE_URL and any firewall in between.",
  ENOTFOUND: "Check the host in DATABASE_URL.",
  EAI_AGAIN: "Check the host in DATABASE_URL and this machine's DNS.",
  NO_TLS: "Switch TLS on in the server (ssl = on), or set sslmode=disable in DATABASE_URL if the network is trusted.",
  TLS_FAILED:
    "Set sslrootcert=FILE in DATABASE_URL to the certificate of the issuer, or renew the server's certificate.",
  "28P01": "Check the user name and password in DATABASE_URL.",
  "28000": "Check the user name and password in DATABASE_URL, and the server's pg_hba.conf.",
  "3D000": "Create the database, or check its name in DATABASE_URL.",
  "53100": "Free space on the server's disk.",
  "53300": `Raise max_connections, or run: alter role NAME connection limit ${CONNECTIONS_NEEDED};`,
};
