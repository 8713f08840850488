/**
 * Which rosterd a command is about: what flags and environment name, else what the environment file of the printed unit names.
 * Only reads; the configuration is made of it (`config.ts`).
 */
import type { ConfigSources, Flags } from "../config.ts";
import { codeOf } from "../runtime/errors.ts";

/** As `print systemd` writes it, and the unit reads it. */
export const ENVIRONMENT_FILE = "/etc/rosterd/rosterd.env";
/** Where the printed unit lets the service leave its record, for whoever does not know its data folder. */
const RUN_FOLDER = "/run/rosterd";

export interface Installation {
  /** Where the data folder or the database was named. */
  namedBy: "command" | "environment_file" | "nothing";
  environmentFile: string;
  /** The code of the error with which the environment file could not be read; null: it was read, not needed, or is not there. */
  fault: string | null;
  runFolder: string;
}

/** What names a whole installation; who gives it does not mean the one of the environment file. */
const IDENTITY = ["ROSTERD_DATA", "DATABASE_URL"];

/** `ROSTERD_ENV_FILE` and systemd's `RUNTIME_DIRECTORY` name other places than the usual ones. */
export function findInstallation(
  flags: Flags,
  { env, readTextFile }: Pick<ConfigSources, "env" | "readTextFile">,
): { installation: Installation; env: ConfigSources["env"] } {
  const environmentFile = env("ROSTERD_ENV_FILE") || ENVIRONMENT_FILE;
  const places = { environmentFile, runFolder: env("RUNTIME_DIRECTORY") || RUN_FOLDER };
  const isNamed = flags.data !== undefined || IDENTITY.some((name) => isGiven(name, env));
  if (isNamed) return { installation: { namedBy: "command", fault: null, ...places }, env };
  const { variables, fault } = readEnvironmentFile(environmentFile, readTextFile);
  const layered = (name: string) => {
    const base = name.replace(/_FILE$/, "");
    return isGiven(base, env) ? env(name) : env(name) || variables?.get(name);
  };
  const namedBy = variables === null ? "nothing" : "environment_file";
  return { installation: { namedBy, fault, ...places }, env: layered };
}

function isGiven(name: string, env: ConfigSources["env"]): boolean {
  return Boolean(env(name) || env(`${name}_FILE`));
}

function readEnvironmentFile(
  path: string,
  readTextFile: ConfigSources["readTextFile"],
): { variables: Map<string, string> | null; fault: string | null } {
  try {
    return { variables: parseEnvironment(readTextFile(path)), fault: null };
  } catch (error) {
    const code = codeOf(error);
    if (code === "") throw error;
    return { variables: null, fault: code === "ENOENT" || code === "ENOTDIR" ? null : code };
  }
}

/** Lines `NAME=VALUE` as systemd reads them (systemd.exec(5), EnvironmentFile): comments, quotes, backslashes. */
export function parseEnvironment(text: string): Map<string, string> {
  const variables = new Map<string, string>();
  for (const line of text.replace(/\\\r?\n/g, "").split(/\r?\n/)) {
    const [, name, value] = /^\s*([A-Za-z_][A-Za-z0-9_]*)\s*=(.*)$/.exec(line) ?? [];
    if (name !== undefined) variables.set(name, unquoted(value.trim()));
  }
  return variables;
}

function unquoted(value: string): string {
  const pieces = value.matchAll(/'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)|([^'"\\]+|.)/gs);
  return [...pieces].map(([, single, double, escaped, plain]) =>
    single ?? double?.replace(/\\(["\\$`])/g, "$1") ?? escaped ?? plain
  ).join("");
}
