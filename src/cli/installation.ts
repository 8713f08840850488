/**
 * Finds the installation that a command uses: the installation named by flags or environment variables, otherwise the
 * one in the environment file of the printed unit (docs/cli.md#which-rosterd).
 */
import type { ConfigSources, Flags } from "../config.ts";
import { codeOf } from "../runtime/errors.ts";

/** `print systemd` creates this file, which the printed unit then reads. */
export const ENVIRONMENT_FILE = "/etc/rosterd/rosterd.env";
/**
 * The run folder. The printed unit lets the service write its record to this folder, so that commands find the service
 * without the data folder.
 */
const RUN_FOLDER = "/run/rosterd";

export interface Installation {
  /** The source of the path of the data folder, or of the database URL. `command` includes environment variables. */
  namedBy: "command" | "environment_file" | "nothing";
  environmentFile: string;
  /** The error code if the environment file exists but could not be read. */
  readError: string | null;
  runFolder: string;
}

/** If either of these is set, the environment file is not read. */
const IDENTITY = ["ROSTERD_DATA", "DATABASE_URL"];

/** `ROSTERD_ENV_FILE` and systemd's `RUNTIME_DIRECTORY` override the usual paths. */
export function findInstallation(
  flags: Flags,
  { env, readTextFile }: Pick<ConfigSources, "env" | "readTextFile">,
): { installation: Installation; env: ConfigSources["env"] } {
  const environmentFile = env("ROSTERD_ENV_FILE") || ENVIRONMENT_FILE;
  const places = { environmentFile, runFolder: env("RUNTIME_DIRECTORY") || RUN_FOLDER };
  const isNamed = flags.data !== undefined || IDENTITY.some((name) => isGiven(name, env));
  if (isNamed) return { installation: { namedBy: "command", readError: null, ...places }, env };
  const { variables, readError } = readEnvironmentFile(environmentFile, readTextFile);
  const layered = (name: string) => {
    const base = name.replace(/_FILE$/, "");
    return isGiven(base, env) ? env(name) : env(name) || variables?.get(name);
  };
  const namedBy = variables === null ? "nothing" : "environment_file";
  return { installation: { namedBy, readError, ...places }, env: layered };
}

function isGiven(name: string, env: ConfigSources["env"]): boolean {
  return Boolean(env(name) || env(`${name}_FILE`));
}

function readEnvironmentFile(
  path: string,
  readTextFile: ConfigSources["readTextFile"],
): { variables: Map<string, string> | null; readError: string | null } {
  try {
    return { variables: parseEnvironment(readTextFile(path)), readError: null };
  } catch (error) {
    const code = codeOf(error);
    if (code === "") throw error;
    return { variables: null, readError: code === "ENOENT" || code === "ENOTDIR" ? null : code };
  }
}

/**
 * Parses `NAME=VALUE` lines as systemd does, with comments, quotes and backslashes (systemd.exec(5), EnvironmentFile).
 */
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
