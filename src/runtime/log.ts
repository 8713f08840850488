/** Writes one line per event: a stable name with escaped fields. Callers must never pass user values or secrets. */
export type LogLevel = "debug" | "info" | "warn" | "error";
export type LogFormat = "text" | "json";
export const LOG_LEVELS: readonly LogLevel[] = ["debug", "info", "warn", "error"];

export type LogFields = Record<string, string | number | boolean | null | undefined>;

export interface Log {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
}

export interface LogOptions {
  level: LogLevel;
  format: LogFormat;
  now: () => Date;
  write: (line: string) => void;
}

/** `write` receives one whole line, including its newline. */
export function createLog({ level, format, now, write }: LogOptions): Log {
  const least = LOG_LEVELS.indexOf(level);
  const toLine = format === "json" ? jsonLine : textLine;
  const at = (own: LogLevel) => (event: string, fields: LogFields = {}) => {
    if (LOG_LEVELS.indexOf(own) >= least) write(toLine(now(), own, event, fields));
  };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

function jsonLine(time: Date, level: LogLevel, event: string, fields: LogFields): string {
  return JSON.stringify({ time: time.toISOString(), level, event, ...fields }) + "\n";
}

function textLine(time: Date, level: LogLevel, event: string, fields: LogFields): string {
  const pairs = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` ${name}=${textValue(value)}`);
  return `${time.toISOString()} ${level.padEnd(5)} ${event}${pairs.join("")}\n`;
}

/**
 * Quotes every value that is not plain, so that a newline or escape code in a file name cannot break the log line.
 */
function textValue(value: LogFields[string]): string {
  const text = String(value);
  return /^[\w.,:/@+-]+$/.test(text) ? text : printable(JSON.stringify(text));
}

/** Replaces control characters, direction marks and other invisible characters with `\u{…}`. */
export function printable(text: string): string {
  return text.replace(
    // deno-lint-ignore no-control-regex
    /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g,
    (character) => `\\u{${character.charCodeAt(0).toString(16)}}`,
  );
}

/** Returns a log that adds the same fields to every line. */
export function withFields(log: Log, more: LogFields): Log {
  const at = (level: LogLevel) => (event: string, fields?: LogFields) => log[level](event, { ...more, ...fields });
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };
