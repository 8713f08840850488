/** Recognizes the names of uploads and generates their names in `bak` (docs/upload-folder.md#bak). */
import { fileStamp } from "../runtime/clock.ts";

export type NameKind = "upload" | "temporary" | "other";

const MAX_NAME_BYTES = 255;

const TEMPORARY = /^[.~]|\.(?:part|filepart|tmp|temp|partial|crdownload|writing)$/i;
const UPLOAD = /\.(?:csv|tsv|txt)(?:\.gz)?$/i;
const COMPRESSED = /\.gz$/i;

/**
 * Splits a name in `bak` into three parts: a stem that may be shortened, a part that must stay complete, and the
 * extension.
 */
const PARTS = /^(.*?)((?:\.\d{8}T\d{6}Z)?(?:\.failed)?)((?:\.(?:csv|tsv|txt)(?:\.gz)?)?)$/is;

/** Invisible characters and characters that control a terminal. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
/**
 * Characters that must not begin a name, because they would hide the file or could be interpreted by a command or a
 * spreadsheet.
 */
const INTERPRETED = /^[-.~=+@]/;

export function kindOfName(name: string): NameKind {
  if (TEMPORARY.test(name)) return "temporary";
  return UPLOAD.test(name) ? "upload" : "other";
}

export function isCompressed(name: string): boolean {
  return COMPRESSED.test(name);
}

/**
 * The name of an upload in `bak`; for example, `x.csv.gz` becomes `x.20261123T183058Z.csv.gz`. The name may be too long
 * (see {@link numberedName}).
 */
export function bakName(upload: string, startedAt: Date): string {
  const ending = UPLOAD.exec(upload)?.[0] ?? "";
  return `${upload.slice(0, upload.length - ending.length)}.${fileStamp(startedAt)}${ending}`;
}

/** The first names to try for an upload in `bak`: one for the original form and one for the packed form. */
export function namesInBak(upload: string, startedAt: Date): string[] {
  const uploads = isCompressed(upload) ? [upload] : [upload, `${upload}.gz`];
  return uploads.map((name) => numberedName(bakName(name, startedAt), 1));
}

/** The name of a failed-records file in `bak`; for example, `x.csv.gz` becomes `x.20261123T183058Z.failed.csv`. */
export function failedName(upload: string, startedAt: Date): string {
  return `${upload.replace(UPLOAD, "")}.${fileStamp(startedAt)}.failed.csv`;
}

const IN_BAK = /^(.*)\.(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z(?:-\d+)?(\.(?:csv|tsv|txt)(?:\.gz)?)$/is;

/**
 * The parts of a roster's name in `bak`: the name of the upload and the time when its import started. The result is
 * null for other names, such as the name of a failed-records file.
 */
export function rosterInBak(name: string): { upload: string; at: Date } | null {
  const [, stem, year, month, day, hour, minute, second, ending] = IN_BAK.exec(name) ?? [];
  if (stem === undefined) return null;
  const at = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(at.getTime()) || kindOfName(stem + ending) !== "upload" ? null : { upload: stem + ending, at };
}

/**
 * Returns the n-th name to try: `x.T.csv`, `x.T-2.csv`, and so on. The returned name is safe to display and type, and a
 * long stem is shortened.
 */
export function numberedName(name: string, n: number): string {
  const [, stem, kept, ending] = PARTS.exec(name)!;
  const rest = kept + (n === 1 ? "" : `-${n}`) + ending;
  return cutToBytes(safeStem(stem), MAX_NAME_BYTES - byteLength(rest)) + rest;
}

/** Prevents path traversal: throws a RangeError unless `name` is the plain name of a single entry. */
export function plainName(name: string): string {
  if (isPlainName(name)) return name;
  throw new RangeError(`${JSON.stringify(name)} is not the name of a file in a folder`);
}

export function isPlainName(name: string): boolean {
  return !["", ".", ".."].includes(name) && !/[/\0]/.test(name);
}

function safeStem(stem: string): string {
  return stem.replace(INVISIBLE, "_").replace(INTERPRETED, "_");
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}

/** Shortens text at a code point boundary, so that its UTF-8 stays valid. */
function cutToBytes(text: string, maxBytes: number): string {
  let bytes = 0;
  let end = 0;
  for (const character of text) {
    bytes += byteLength(character);
    if (bytes > maxBytes) break;
    end += character.length;
  }
  return text.slice(0, end);
}
