/**
 * The files of the admin page, embedded as text, without secrets or data. This module also generates the file
 * `description.json`.
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import { COLUMNS } from "../../domain/columns.ts";
import { settingsSchema } from "../../domain/settings.ts";
import * as files from "./files.ts";
import shell from "./shell.html" with { type: "text" };

export interface Asset {
  type: string;
  text: string;
  /** A hash of the content, so that browsers load a new version at once and do not reload an unchanged file. */
  etag: string;
}

export interface Description {
  settings: SettingsSchema;
  columns: { name: string; otherNames: readonly string[] }[];
}

export interface SettingsSchema {
  type?: string;
  description?: string;
  default?: unknown;
  enum?: string[];
  properties?: Record<string, SettingsSchema>;
  /** The schema of every value, if the object accepts any name. */
  additionalProperties?: SettingsSchema;
}

export const SHELL: Asset = asset("text/html", shell);

const TYPES: Readonly<Record<string, string>> = {
  js: "text/javascript",
  css: "text/css",
  svg: "image/svg+xml",
  csv: "text/csv",
};

export const ASSETS: ReadonlyMap<string, Asset> = new Map([
  ...Object.entries(files).map(([name, text]) => [name, asset(TYPES[name.split(".")[1]], text)] as const),
  ["description.json", asset("application/json", JSON.stringify(description()))],
]);

/** The content types of {@link ASSETS}, without parameters. */
export const ASSET_TYPES = [...new Set([...ASSETS.values()].map(({ type }) => type.split(";")[0]))];

function asset(type: string, text: string): Asset {
  const etag = `"${createHash("sha256").update(text).digest("base64url").slice(0, 22)}"`;
  return { type: `${type}; charset=utf-8`, text, etag };
}

function description(): Description {
  return {
    settings: z.toJSONSchema(settingsSchema, { io: "input" }) as SettingsSchema,
    columns: COLUMNS.map(({ name, otherNames, frenchNames }) => ({
      name,
      otherNames: [...otherNames, ...frenchNames],
    })),
  };
}
