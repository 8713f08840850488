/**
 * Finds the data for a command: over HTTP from the running service, otherwise from the server in DATABASE_URL. Prints
 * the chosen source to standard error. If neither source is available, the command exits with 78 and says what to type.
 * No file is created.
 */
import { join, resolve } from "node:path";
import { databaseName, parseDatabaseUrl } from "../domain/database_url.ts";
import { adminTokenPath, readAdminToken } from "../host/data_folder.ts";
import { readServiceRecord, type ServiceRecord } from "../host/service_record.ts";
import { UnusableData } from "../host/unusable_data.ts";
import type { Config } from "../config.ts";
import type { Database } from "../postgres/connection/connect.ts";
import { isDatabaseUnreachable } from "../postgres/connection/errors.ts";
import { explainWithRights } from "../postgres/rights.ts";
import { codeOf, nullOn } from "../runtime/errors.ts";
import { openDatabase } from "../service/open_database.ts";
import { CommandFailed, type Invocation } from "./command.ts";
import { commandLine } from "./command_line.ts";
import { operatingSystemUser } from "./operating_system_user.ts";

const ALIVE_WITHIN_MS = 5_000;

/** Thrown if neither a service nor a database can be used. The message says what to type; the caller exits with 78. */
export class NoAccess extends Error {
  override readonly name = "NoAccess";
}

/**
 * Runs `over` with the running service. If no service is running, runs `own` on the server in DATABASE_URL or, with
 * `--embedded`, on the embedded database. Throws {@link NoAccess}.
 */
export async function withAccess<T>(
  invocation: Invocation,
  own: (database: Database) => Promise<T>,
  over: (service: ServiceClient) => Promise<T>,
): Promise<T> {
  const service = await findService(invocation);
  if (service !== null) return await over(service);
  return await (invocation.flags.embedded ? withEmbeddedOrEmpty : withServer)(invocation, own);
}

/**
 * Runs `work` on the server in DATABASE_URL. Prints the name of the database unless the command line or environment
 * specifies it. Throws {@link NoAccess}.
 */
export async function withServer<T>(invocation: Invocation, work: (database: Database) => Promise<T>): Promise<T> {
  const { config, installation, terminal } = invocation;
  if (config.databaseUrl === null) throw noAccess(invocation);
  const name = databaseName(parseDatabaseUrl(config.databaseUrl));
  if (installation.namedBy !== "command") terminal.err(`rosterd: using the database ${name}`);
  return await withDatabase(config, work);
}

/** Runs `work` on the embedded database and says so on standard error. Creates the database if necessary. */
export async function withEmbedded<T>(
  { config, terminal }: Invocation,
  work: (database: Database) => Promise<T>,
): Promise<T> {
  terminal.err(`rosterd: using the embedded database in ${config.data}, which is only for trying out rosterd`);
  return await withDatabase({ ...config, databaseUrl: null }, work);
}

/** Runs read-only `work` on the embedded database. If that database does not exist, uses a temporary empty database. */
async function withEmbeddedOrEmpty<T>(
  invocation: Invocation,
  own: (database: Database) => Promise<T>,
): Promise<T> {
  const { config, terminal } = invocation;
  if (await nullOn(Deno.stat(join(config.data, "postgres")), "ENOENT") !== null) {
    return await withEmbedded(invocation, own);
  }
  terminal.err(`rosterd: ${config.data} has no embedded database: checking against an empty one`);
  const data = await Deno.makeTempDir({ prefix: "rosterd-check-" });
  try {
    return await withDatabase({ ...config, data, databaseUrl: null }, own);
  } finally {
    await Deno.remove(data, { recursive: true });
  }
}

/** Throws EmbeddedInUse, and {@link CommandFailed} if the database is unreachable. */
export async function withDatabase<T>(config: Config, work: (database: Database) => Promise<T>): Promise<T> {
  const database = await openDatabase(config);
  try {
    return await work(database);
  } catch (error) {
    if (isDatabaseUnreachable(error)) {
      throw new CommandFailed(await explainWithRights(database.sql, error), { cause: error });
    }
    throw error;
  } finally {
    await database.close();
  }
}

export function noAccess(invocation: Invocation): NoAccess {
  const { config, command, installation } = invocation;
  const { namedBy, environmentFile, readError } = installation;
  const words = commandLine(invocation);
  if (readError !== null) {
    return new NoAccess(
      `cannot read ${environmentFile} (${readError}), and no running rosterd was found. Run this as root, or as the ` +
        `service's user: sudo -u rosterd ${words}`,
    );
  }
  const start = namedBy === "environment_file"
    ? "Start it with: systemctl start rosterd"
    : "Start it in another terminal with: rosterd serve";
  const other = namedBy === "nothing"
    ? `. Or specify the data folder of a running rosterd: ${words} --data FOLDER`
    : "";
  const trial = "embedded" in command.flags
    ? `. To just try out rosterd, run: ${commandLine(invocation, ["--embedded"])}`
    : "";
  return new NoAccess(
    `no rosterd is running with the data folder ${config.data}, and DATABASE_URL is not set. ${start}${other}${trial}`,
  );
}

export interface ServiceClient {
  /** The address of the service, such as `http://127.0.0.1:8080`. */
  readonly address: string;
  /** Sends a request and returns the JSON response. Throws {@link CommandFailed} with the detail of the problem. */
  ask(method: string, path: string, body?: { type: string; content: BodyInit }): Promise<unknown>;
}

/** Finds the running service and prints its address to standard error. Returns null if no service answers. */
export async function findService(invocation: Invocation): Promise<ServiceClient | null> {
  const found = await findRunning(invocation);
  if (found === null) return null;
  const { config, terminal } = invocation;
  const { address, data } = found;
  const token = config.adminToken ?? await storedToken(data);
  terminal.err(`rosterd: using the service at ${address} (data folder ${data})`);
  return { address, ask: (method, path, body) => ask(address, token, method, path, body) };
}

/** Like {@link findService}, but throws {@link NoAccess} if no service answers. */
export async function requireService(invocation: Invocation): Promise<ServiceClient> {
  const service = await findService(invocation);
  if (service === null) throw noAccess(invocation);
  return service;
}

/**
 * Finds the address and the data folder of a service that answers. Returns null if no service answers. Reports a stale
 * record on standard error.
 */
export async function findRunning(
  { config, installation, terminal }: Invocation,
): Promise<{ address: string; data: string } | null> {
  let hidden: UnusableData | null = null;
  for (const folder of installation.namedBy === "command" ? [config.data] : [config.data, installation.runFolder]) {
    const record = await recordIn(folder).catch((error) => {
      if (!(error instanceof UnusableData) || codeOf(error.cause) !== "EACCES") throw error;
      hidden = error;
      return null;
    });
    if (record === null) continue;
    if (await isAlive(record.address)) return { address: record.address, data: record.data ?? resolve(folder) };
    terminal.err(`rosterd: ${join(folder, "service.json")} is out of date: no rosterd answers at ${record.address}`);
  }
  if (hidden !== null) throw hidden;
  return null;
}

/** Reads the service record. Returns null if the record is missing or not valid. */
async function recordIn(folder: string): Promise<ServiceRecord | null> {
  try {
    return await readServiceRecord(folder);
  } catch (error) {
    if (error instanceof UnusableData) throw error;
    return null;
  }
}

/**
 * The request contains no token, because another program may be listening at this address and must not see it.
 */
async function isAlive(address: string): Promise<boolean> {
  try {
    const answer = await fetch(`${address}/healthz`, { signal: AbortSignal.timeout(ALIVE_WITHIN_MS) });
    return (await answer.json()).alive === true;
  } catch {
    return false;
  }
}

async function storedToken(data: string): Promise<string> {
  const path = adminTokenPath(data);
  const fix = "Run this as root or as the service's user, or set ROSTERD_ADMIN_TOKEN";
  let token: string | null;
  try {
    token = await readAdminToken(data);
  } catch (error) {
    if (!(error instanceof UnusableData)) throw error;
    throw new NoAccess(`cannot read the admin token in ${path} (${codeOf(error.cause)}). ${fix}`);
  }
  if (token === null) throw new NoAccess(`the admin token is missing from ${path}. ${fix}`);
  return token;
}

async function ask(
  address: string,
  token: string,
  method: string,
  path: string,
  body?: { type: string; content: BodyInit },
): Promise<unknown> {
  const headers: Record<string, string> = { authorization: `Bearer ${token}`, "rosterd-user": operatingSystemUser() };
  if (body !== undefined) headers["content-type"] = body.type;
  let response: Response;
  try {
    response = await fetch(address + path, { method, headers, body: body?.content });
  } catch (error) {
    throw new CommandFailed(`the service at ${address} does not answer`, { cause: error });
  }
  const answer = await response.json();
  if (response.ok) return answer;
  if (response.status === 401) throw new NoAccess(`the service at ${address} does not accept this admin token`);
  const errors = (answer.errors ?? []).map(({ key, message }: { key: string; message: string }) => `${key} ${message}`);
  throw new CommandFailed([answer.detail, ...errors].join("; "));
}
