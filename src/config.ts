/**
 * Reads the process settings once: flags first, then environment variables or the files they name
 * (docs/operations.md#process-settings).
 */
import { codeOrThrow } from "./runtime/errors.ts";
import { parseDatabaseUrl, WrongDatabaseUrl } from "./domain/database_url.ts";
import { LOG_LEVELS, type LogFormat, type LogLevel } from "./runtime/log.ts";

export interface ListenAddress {
  hostname: string;
  /** The port; 0 means any free port. */
  port: number;
}

export interface Config {
  readonly upload: string;
  readonly settings: string;
  readonly data: string;
  /** Null if rosterd uses the embedded PostgreSQL in the data folder. */
  readonly databaseUrl: string | null;
  readonly listen: Readonly<ListenAddress>;
  /** Additional host names of the service, besides localhost and the listen address, in lower case. */
  readonly hosts: readonly string[];
  /** Null if rosterd uses the token in the data folder. */
  readonly adminToken: string | null;
  readonly readToken: string | null;
  readonly smtpPassword: string | null;
  readonly logLevel: LogLevel;
  readonly logFormat: LogFormat;
}

/** The flags by name, without the leading dashes, such as `log-level`. */
export type Flags = Readonly<Record<string, string | undefined>>;

export interface ConfigSources {
  env: (name: string) => string | undefined;
  readTextFile: (path: string) => string;
  isTerminal: () => boolean;
}

/** Thrown if the configuration is not valid. The message never contains a secret. The caller exits with 78. */
export class WrongConfiguration extends Error {
  override readonly name = "WrongConfiguration";
}

/** Throws {@link WrongConfiguration}. */
export function readConfig(flags: Flags, sources: ConfigSources): Config {
  const value = (source: Source) => valueOf(source, flags, sources);
  const adminToken = token("ROSTERD_ADMIN_TOKEN", value);
  const readToken = token("ROSTERD_READ_TOKEN", value);
  if (adminToken !== null && adminToken === readToken) {
    throw new WrongConfiguration("ROSTERD_READ_TOKEN must differ from ROSTERD_ADMIN_TOKEN");
  }
  return Object.freeze({
    upload: value({ flag: "upload", variable: "ROSTERD_UPLOAD" }) ?? "./upload",
    settings: value({ flag: "settings", variable: "ROSTERD_SETTINGS" }) ?? "./settings.json",
    data: value({ flag: "data", variable: "ROSTERD_DATA" }) ?? "./data",
    databaseUrl: databaseUrl(value({ variable: "DATABASE_URL" })),
    listen: Object.freeze(listenAddress(value(LISTEN) ?? "127.0.0.1:8080")),
    hosts: Object.freeze(hostNames(value(HOSTS) ?? "")),
    adminToken,
    readToken,
    smtpPassword: value({ variable: "ROSTERD_SMTP_PASSWORD" }),
    logLevel: oneOf("log-level", LOG_LEVELS, value({ flag: "log-level" }) ?? "info"),
    logFormat: oneOf("log-format", ["text", "json"], value({ flag: "log-format" }) ?? defaultFormat(sources)),
  });
}

interface Source {
  flag?: string;
  variable?: string;
}

type ValueOf = (source: Source) => string | null;

const LISTEN = { flag: "listen", variable: "ROSTERD_LISTEN" };
const HOSTS = { flag: "hosts", variable: "ROSTERD_HOSTS" };

function valueOf({ flag, variable }: Source, flags: Flags, sources: ConfigSources): string | null {
  const given = flag === undefined ? undefined : flags[flag];
  if (given === "") throw new WrongConfiguration(`--${flag} must not be empty`);
  return given ?? (variable === undefined ? null : fromEnvironment(variable, sources));
}

/** Treats an empty variable as unset, because Compose files and unit files contain such variables. */
function fromEnvironment(variable: string, { env, readTextFile }: ConfigSources): string | null {
  const value = env(variable) || null;
  const file = env(`${variable}_FILE`) || null;
  if (file === null) return value;
  if (value !== null) throw new WrongConfiguration(`${variable} and ${variable}_FILE are both set; unset one`);
  const content = contentOf(file, `${variable}_FILE`, readTextFile);
  if (content === "") throw new WrongConfiguration(`${variable}_FILE names ${file}, which is empty`);
  return content;
}

function contentOf(file: string, variable: string, readTextFile: ConfigSources["readTextFile"]): string {
  try {
    return readTextFile(file).replace(/\r?\n$/, "");
  } catch (error) {
    const code = codeOrThrow(error);
    throw new WrongConfiguration(`${variable} names ${file}, which cannot be read (${code})`, { cause: error });
  }
}

function token(variable: string, value: ValueOf): string | null {
  const given = value({ variable });
  if (given === null || /^[A-Za-z0-9._~+/-]+=*$/.test(given)) return given;
  throw new WrongConfiguration(`${variable} may contain only letters, digits and . _ ~ + / -, with = only at the end`);
}

function databaseUrl(value: string | null): string | null {
  if (value === null) return null;
  try {
    parseDatabaseUrl(value);
    return value;
  } catch (error) {
    // The error has no `cause`, because URL errors quote the URL, including its password.
    throw error instanceof WrongDatabaseUrl ? new WrongConfiguration(error.message) : error;
  }
}

/** Parses `127.0.0.1:8080`, `[::1]:8080`, `name:8080`, or `:8080` for all addresses of this machine. */
function listenAddress(value: string): ListenAddress {
  const [, address, name, port] = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]*)):(\d{1,5})$/.exec(value) ?? [];
  if (port === undefined || Number(port) > 65_535) {
    throw new WrongConfiguration(`${named(LISTEN)} must be ADDRESS:PORT, such as 127.0.0.1:8080, [::1]:8080 or :8080`);
  }
  return { hostname: address ?? (name || "0.0.0.0"), port: Number(port) };
}

function hostNames(value: string): string[] {
  const names = value.split(",").map((name) => name.trim().toLowerCase()).filter((name) => name !== "");
  const wrong = names.find((name) => !/^(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])$/.test(name));
  if (wrong === undefined) return names;
  throw new WrongConfiguration(
    `${named(HOSTS)} must be host names separated by commas, without http:// or a port, not "${wrong}"`,
  );
}

function oneOf<const T extends string>(flag: string, choices: readonly T[], value: string): T {
  const found = choices.find((choice) => choice === value);
  if (found !== undefined) return found;
  throw new WrongConfiguration(`--${flag} must be one of ${choices.join(", ")}`);
}

function defaultFormat({ isTerminal }: ConfigSources): LogFormat {
  return isTerminal() ? "text" : "json";
}

function named({ flag, variable }: Required<Source>): string {
  return `--${flag} (${variable})`;
}
