/**
 * How a command reaches what it works on: the database itself, or, where a running service has the embedded one, that
 * service over HTTP (contract, section 8).
 */
import { adminTokenPath, readAdminToken } from "../host/data_folder.ts";
import { readServiceRecord } from "../host/service_record.ts";
import type { Config } from "../config.ts";
import type { Database } from "../postgres/connection/connect.ts";
import { explainDatabaseError, isDatabaseUnreachable } from "../postgres/connection/errors.ts";
import { EmbeddedInUse, openDatabase } from "../service/open_database.ts";
import { CommandFailed } from "./command.ts";

/** Runs `own` on the database, or `over` against the service that has the embedded one. */
export async function withAccess<T>(
  config: Config,
  own: (database: Database) => Promise<T>,
  over: (service: ServiceClient) => Promise<T>,
): Promise<T> {
  try {
    return await withDatabase(config, own);
  } catch (error) {
    if (!(error instanceof EmbeddedInUse)) throw error;
    const service = await findService(config);
    if (service === null) throw new CommandFailed(error.message);
    return await over(service);
  }
}

/** Runs `work` on the database. Throws {@link EmbeddedInUse} as it is; a database that is away in words. */
export async function withDatabase<T>(config: Config, work: (database: Database) => Promise<T>): Promise<T> {
  const database = await openDatabase(config);
  try {
    return await work(database);
  } catch (error) {
    if (isDatabaseUnreachable(error)) throw new CommandFailed(explainDatabaseError(error), { cause: error });
    throw error;
  } finally {
    await database.close();
  }
}

/** Asks the running service. */
export interface ServiceClient {
  /** The JSON answer; throws {@link CommandFailed} with the detail of a problem. */
  ask(method: string, path: string, body?: { type: string; content: BodyInit }): Promise<unknown>;
}

/** The service that runs on this data folder, or null. */
export async function findService(config: Config): Promise<ServiceClient | null> {
  const record = await readServiceRecord(config.data);
  if (record === null) return null;
  const token = config.adminToken ?? await readAdminToken(config.data);
  if (token === null) throw new CommandFailed(`there is no admin token in ${adminTokenPath(config.data)}`);
  return { ask: (method, path, body) => ask(record.address, token, method, path, body) };
}

async function ask(
  address: string,
  token: string,
  method: string,
  path: string,
  body?: { type: string; content: BodyInit },
): Promise<unknown> {
  const headers: Record<string, string> = { authorization: `Bearer ${token}` };
  if (body !== undefined) headers["content-type"] = body.type;
  let response: Response;
  try {
    response = await fetch(address + path, { method, headers, body: body?.content });
  } catch (error) {
    throw new CommandFailed(`the service at ${address} does not answer`, { cause: error });
  }
  const answer = await response.json();
  if (response.ok) return answer;
  const errors = (answer.errors ?? []).map(({ key, message }: { key: string; message: string }) => `${key} ${message}`);
  throw new CommandFailed([answer.detail, ...errors].join("; "));
}
