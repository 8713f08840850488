/**
 * Names of uploads, and the names that they get in `bak` (contract, section 1). Pure: touches no file.
 */
import { fileStamp } from "../runtime/clock.ts";

/** What a name says of a file: an upload, a file that is still being written, or something else. */
export type NameKind = "upload" | "temporary" | "other";

/** The longest name that file systems take, in bytes of UTF-8. */
const MAX_NAME_BYTES = 255;

const TEMPORARY = /^[.~]|\.(?:part|filepart|tmp|temp|partial|crdownload|writing)$/i;
const UPLOAD = /\.(?:csv|tsv|txt)(?:\.gz)?$/i;
const COMPRESSED = /\.gz$/i;

/** The parts of a name in `bak`: what may be cut, what may not, and the ending. */
const PARTS = /^(.*?)((?:\.\d{8}T\d{6}Z)?(?:\.failed)?)((?:\.(?:csv|tsv|txt)(?:\.gz)?)?)$/is;

/** Characters that nobody sees, or that a terminal obeys. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
/** A first character that hides a file, or that a command or a spreadsheet would obey. */
const OBEYED = /^[-.~=+@]/;

/** Whether a name in the upload folder is picked up or left alone. */
export function kindOfName(name: string): NameKind {
  if (TEMPORARY.test(name)) return "temporary";
  return UPLOAD.test(name) ? "upload" : "other";
}

/** Whether a name says that its file is compressed; such a file has no line end to wait for. */
export function isCompressed(name: string): boolean {
  return COMPRESSED.test(name);
}

/** The name of an upload in `bak`: `x.csv.gz` → `x.20261123T183058Z.csv.gz`; {@link numberedName} makes it fit. */
export function bakName(upload: string, startedAt: Date): string {
  const ending = UPLOAD.exec(upload)?.[0] ?? "";
  return `${upload.slice(0, upload.length - ending.length)}.${fileStamp(startedAt)}${ending}`;
}

/** The name for the failed records of an upload: `x.csv.gz` → `x.20261123T183058Z.failed.csv`. */
export function failedName(upload: string, startedAt: Date): string {
  return `${upload.replace(UPLOAD, "")}.${fileStamp(startedAt)}.failed.csv`;
}

/**
 * The n-th name to try when the ones before are taken: `x.T.csv`, `x.T-2.csv`, `x.T-3.csv` …, made safe to show and to
 * type, and cut at the end of the stem to what a file system takes.
 */
export function numberedName(name: string, n: number): string {
  const [, stem, kept, ending] = PARTS.exec(name)!;
  const rest = kept + (n === 1 ? "" : `-${n}`) + ending;
  return cutToBytes(safeStem(stem), MAX_NAME_BYTES - byteLength(rest)) + rest;
}

/** Guards against leaving the folder. Throws a RangeError unless `name` is the plain name of one entry. */
export function plainName(name: string): string {
  if (isPlainName(name)) return name;
  throw new RangeError(`${JSON.stringify(name)} is not the name of a file in a folder`);
}

export function isPlainName(name: string): boolean {
  return !["", ".", ".."].includes(name) && !/[/\0]/.test(name);
}

function safeStem(stem: string): string {
  return stem.replace(INVISIBLE, "_").replace(OBEYED, "_");
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}

/** Cuts between code points, so that the name stays valid UTF-8. */
function cutToBytes(text: string, most: number): string {
  let bytes = 0;
  let end = 0;
  for (const character of text) {
    bytes += byteLength(character);
    if (bytes > most) break;
    end += character.length;
  }
  return text.slice(0, end);
}
