/**
 * How a command reaches what it works on: the running service over HTTP, else the server that DATABASE_URL names. It says which
 * one on standard error. No command but `serve` makes a database: without either it ends with 78, and says what to type.
 */
import { join, resolve } from "node:path";
import { databaseName, parseDatabaseUrl } from "../domain/database_url.ts";
import { adminTokenPath, readAdminToken } from "../host/data_folder.ts";
import { readServiceRecord, type ServiceRecord } from "../host/service_record.ts";
import { UnusableData } from "../host/unusable_data.ts";
import type { Config } from "../config.ts";
import type { Database } from "../postgres/connection/connect.ts";
import { explainFully, isDatabaseUnreachable } from "../postgres/connection/errors.ts";
import { codeOf } from "../runtime/errors.ts";
import { openDatabase } from "../service/open_database.ts";
import { CommandFailed, type Invocation } from "./command.ts";
import { operatingSystemUser } from "./operating_system_user.ts";

const ALIVE_WITHIN_MS = 5_000;

/** There is nothing to ask. The message says what to type; the caller exits with 78. */
export class NothingToAsk extends Error {
  override readonly name = "NothingToAsk";
}

/** Runs `over` against the running service, or `own` on the server of DATABASE_URL. Throws {@link NothingToAsk}. */
export async function withAccess<T>(
  invocation: Invocation,
  own: (database: Database) => Promise<T>,
  over: (service: ServiceClient) => Promise<T>,
): Promise<T> {
  const service = await findService(invocation);
  if (service !== null) return await over(service);
  return await withServer(invocation, own);
}

/** Runs `work` on the server of DATABASE_URL; says so unless the command named it. Throws {@link NothingToAsk} without one. */
export async function withServer<T>(invocation: Invocation, work: (database: Database) => Promise<T>): Promise<T> {
  const { config, installation, terminal } = invocation;
  if (config.databaseUrl === null) throw nothingToAsk(invocation);
  const name = databaseName(parseDatabaseUrl(config.databaseUrl));
  if (installation.namedBy !== "command") terminal.err(`rosterd: working on the database ${name}`);
  return await withDatabase(config, work);
}

/** Runs `work` on the database. Throws EmbeddedInUse as it is; a database that is away in words. */
export async function withDatabase<T>(config: Config, work: (database: Database) => Promise<T>): Promise<T> {
  const database = await openDatabase(config);
  try {
    return await work(database);
  } catch (error) {
    if (isDatabaseUnreachable(error)) throw new CommandFailed(explainFully(error), { cause: error });
    throw error;
  } finally {
    await database.close();
  }
}

/** What to type, when there is neither a running service nor a database to ask. */
export function nothingToAsk({ command, config, installation }: Invocation): NothingToAsk {
  const { namedBy, environmentFile, fault } = installation;
  const words = `rosterd ${command.words}`;
  if (fault !== null) {
    return new NothingToAsk(
      `${environmentFile} cannot be read (${fault}), and no running rosterd was found. Run this as root, or as the user of ` +
        `the service: sudo -u rosterd ${words}`,
    );
  }
  const start = namedBy === "environment_file"
    ? "Start it with: systemctl start rosterd"
    : "Start it in another terminal with: rosterd serve";
  const other = namedBy === "nothing" ? `. Or name the data folder of a running one: ${words} --data FOLDER` : "";
  return new NothingToAsk(
    `no rosterd runs on the data folder ${config.data}, and DATABASE_URL is not set. ${start}${other}`,
  );
}

/** Asks the running service. */
export interface ServiceClient {
  /** `http://127.0.0.1:8080`. */
  readonly address: string;
  /** The JSON answer; throws {@link CommandFailed} with the detail of a problem. */
  ask(method: string, path: string, body?: { type: string; content: BodyInit }): Promise<unknown>;
}

/** The running service of this installation, named on standard error; null when none answers. */
export async function findService(invocation: Invocation): Promise<ServiceClient | null> {
  const found = await findRunning(invocation);
  if (found === null) return null;
  const { config, terminal } = invocation;
  const { address, data } = found;
  const token = config.adminToken ?? await keptToken(data);
  terminal.err(`rosterd: asking the service at ${address} (data folder ${data})`);
  return { address, ask: (method, path, body) => ask(address, token, method, path, body) };
}

/** Where a service answers, and its data folder; null when none does. A record that a killed service left is told. */
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
    terminal.err(`rosterd: ${join(folder, "service.json")} is left behind: no rosterd answers at ${record.address}`);
  }
  if (hidden !== null) throw hidden;
  return null;
}

/** What is not a record counts as none. */
async function recordIn(folder: string): Promise<ServiceRecord | null> {
  try {
    return await readServiceRecord(folder);
  } catch (error) {
    if (error instanceof UnusableData) throw error;
    return null;
  }
}

/** Before it is shown a token: another program may listen there by now. */
async function isAlive(address: string): Promise<boolean> {
  try {
    const answer = await fetch(`${address}/healthz`, { signal: AbortSignal.timeout(ALIVE_WITHIN_MS) });
    return (await answer.json()).alive === true;
  } catch {
    return false;
  }
}

async function keptToken(data: string): Promise<string> {
  const path = adminTokenPath(data);
  const mend = "Run this as root, or as the user of the service, or set ROSTERD_ADMIN_TOKEN";
  let token: string | null;
  try {
    token = await readAdminToken(data);
  } catch (error) {
    if (!(error instanceof UnusableData)) throw error;
    throw new NothingToAsk(`the admin token in ${path} cannot be read (${codeOf(error.cause)}). ${mend}`);
  }
  if (token === null) throw new NothingToAsk(`there is no admin token in ${path}. ${mend}`);
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
  if (response.status === 401) throw new NothingToAsk(`the service at ${address} does not accept this admin token`);
  const errors = (answer.errors ?? []).map(({ key, message }: { key: string; message: string }) => `${key} ${message}`);
  throw new CommandFailed([answer.detail, ...errors].join("; "));
}
