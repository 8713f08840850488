/** Parses `DATABASE_URL`. Messages never quote the URL, because it contains a password. */

/** The SSL modes of libpq, except `allow`. */
export const SSL_MODES = ["disable", "prefer", "require", "verify-ca", "verify-full"] as const;
export type SslMode = typeof SSL_MODES[number];

export interface DatabaseUrl {
  /**
   * If the URL lists several hosts, rosterd uses the one that accepts writes. A host that begins with a slash is the
   * folder of a Unix socket.
   */
  hosts: readonly { host: string; port: number }[];
  database: string;
  sslMode: SslMode;
  /**
   * The path of a file with trusted certificates; `system` for this machine's certificates; null if not specified.
   */
  sslRootCert: string | null;
  /** The URL for the driver, with a single host and without the parameters that rosterd handles itself. */
  forDriver: string;
}

/** Thrown for a URL that is not valid. The message says what to do and never quotes the URL. */
export class WrongDatabaseUrl extends Error {
  override readonly name = "WrongDatabaseUrl";
}

const NO_URL = "DATABASE_URL is not a valid URL. It must look like postgres://USER:PASSWORD@HOST:PORT/DATABASE. " +
  "Percent-encode special characters in the credentials: # as %23, / as %2F, ? as %3F, % as %25, @ as %40. " +
  "The port must be a number from 1 to 65535.";

/** Session settings that rosterd sets itself (`src/postgres/session.ts`). */
const OWN_SETTINGS = new Set(["client_encoding", "datestyle", "timezone", "standard_conforming_strings"]);

const SHAPE = /^postgres(?:ql)?:\/\/(?:([^@/?#]*)@)?([^@/?#]*)(?:\/([^@?#]*))?(?:\?([^@#]*))?$/;
const HOST = /^(\[[0-9A-Fa-f:.]+\]|[^:[\]]*)(?::(\d{1,5}))?$/;

/** Throws {@link WrongDatabaseUrl} if the URL is not valid. */
export function parseDatabaseUrl(text: string): DatabaseUrl {
  if (!/^postgres(ql)?:\/\//.test(text)) {
    throw new WrongDatabaseUrl("DATABASE_URL must begin with postgres:// or postgresql://");
  }
  const [shape, user = "", authority, path = "", query = ""] = SHAPE.exec(text) ?? [];
  // deno-lint-ignore no-control-regex
  if (shape === undefined || /[\u0000-\u0020\u007f]/.test(text)) throw new WrongDatabaseUrl(NO_URL);
  const parameters = new URLSearchParams(query);
  const hosts = authority.split(",").map(hostOf);
  const ssl = sslOf(parameters);
  // The driver would let these parameters override rosterd's session settings.
  for (const [name] of [...parameters]) if (OWN_SETTINGS.has(name.toLowerCase())) parameters.delete(name);
  requireWrites(parameters);
  for (const own of ["sslmode", "ssl", "sslrootcert", "target_session_attrs"]) parameters.delete(own);
  // rosterd opens the connection itself, because the driver misreads some host lists.
  const forDriver = driverUrl(user, path, parameters.toString());
  return { hosts, database: decoded(path) || decoded(user.split(":")[0]), ...ssl, forDriver };
}

/** Names the database for a message, such as `parking on db.example.edu:5432`. */
export function databaseName({ hosts, database }: DatabaseUrl): string {
  const places = hosts.map(({ host, port }) => host.startsWith("/") ? host : `${host}:${port}`);
  return `${database} on ${places.join(", ")}`;
}

/** Throws if `target_session_attrs` asks for a standby, because rosterd needs a server that accepts writes. */
function requireWrites(parameters: URLSearchParams): void {
  const wanted = parameters.get("target_session_attrs") ?? "any";
  if (["any", "read-write", "primary"].includes(wanted)) return;
  throw new WrongDatabaseUrl(
    "target_session_attrs in DATABASE_URL must be read-write: rosterd cannot work on a standby",
  );
}

function hostOf(part: string): { host: string; port: number } {
  const [shape, host, port = "5432"] = HOST.exec(part) ?? [];
  if (shape === undefined || Number(port) < 1 || Number(port) > 65_535) throw new WrongDatabaseUrl(NO_URL);
  return { host: decoded(host).replace(/^\[(.*)\]$/, "$1") || "localhost", port: Number(port) };
}

function driverUrl(user: string, path: string, query: string): string {
  const [name, ...password] = user.split(":");
  decoded(name);
  decoded(password.join(":"));
  const given = user === "" ? "" : `${user}@`;
  const url = `postgres://${given}localhost/${path}${query === "" ? "" : `?${query}`}`;
  if (!URL.canParse(url)) throw new WrongDatabaseUrl(NO_URL);
  decoded(path);
  return url;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch (error) {
    if (error instanceof URIError) throw new WrongDatabaseUrl(NO_URL);
    throw error;
  }
}

/** The values of `ssl=`, which the driver accepts as an alternative to `sslmode=`. */
const SSL_VALUES: Readonly<Record<string, SslMode>> = { true: "verify-full", false: "disable" };

function sslOf(parameters: URLSearchParams): Pick<DatabaseUrl, "sslMode" | "sslRootCert"> {
  const sslRootCert = parameters.get("sslrootcert") || null;
  const word = parameters.get("sslmode") ?? parameters.get("ssl");
  const given = word === null ? null : SSL_VALUES[word] ?? word;
  const sslMode = given ?? (sslRootCert === null ? "disable" : sslRootCert === "system" ? "verify-full" : "prefer");
  if (!isSslMode(sslMode)) {
    throw new WrongDatabaseUrl(
      `sslmode in DATABASE_URL must be one of ${SSL_MODES.join(", ")}` +
        (sslMode === "allow" ? '. "allow" is not supported: use prefer or require' : ""),
    );
  }
  // As in libpq, `sslrootcert=system` requires `verify-full`. In a weaker mode, rosterd would trust any server with a
  // public certificate.
  if (sslRootCert === "system" && sslMode !== "verify-full") {
    throw new WrongDatabaseUrl("sslrootcert=system in DATABASE_URL requires sslmode=verify-full");
  }
  // As in libpq, specifying a certificate file enables verification of the certificate authority.
  if (sslMode === "require" && sslRootCert !== null) return { sslMode: "verify-ca", sslRootCert };
  return { sslMode, sslRootCert };
}

function isSslMode(word: string): word is SslMode {
  return (SSL_MODES as readonly string[]).includes(word);
}
