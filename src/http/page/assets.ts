/**
 * The files of the admin page. Most are plain files, embedded in the program as text. One, the description of settings
 * and columns, is generated here. None contains secrets or data.
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import { COLUMNS } from "../../domain/columns.ts";
import { settingsSchema } from "../../domain/settings.ts";
import api from "./assets/api.js" with { type: "text" };
import app from "./assets/app.js" with { type: "text" };
import check from "./assets/check.js" with { type: "text" };
import checked from "./assets/checked.js" with { type: "text" };
import counts from "./assets/counts.js" with { type: "text" };
import decide from "./assets/decide.js" with { type: "text" };
import dialog from "./assets/dialog.js" with { type: "text" };
import dom from "./assets/dom.js" with { type: "text" };
import failures from "./assets/failures.js" with { type: "text" };
import health from "./assets/health.js" with { type: "text" };
import held from "./assets/held.js" with { type: "text" };
import icon from "./assets/icon.svg" with { type: "text" };
import importView from "./assets/import.js" with { type: "text" };
import imports from "./assets/imports.js" with { type: "text" };
import live from "./assets/live.js" with { type: "text" };
import overview from "./assets/overview.js" with { type: "text" };
import paged from "./assets/paged.js" with { type: "text" };
import overviewStyle from "./assets/overview.css" with { type: "text" };
import countsStyle from "./assets/counts.css" with { type: "text" };
import tablesStyle from "./assets/tables.css" with { type: "text" };
import frameStyle from "./assets/frame.css" with { type: "text" };
import formsStyle from "./assets/forms.css" with { type: "text" };
import partsStyle from "./assets/parts.css" with { type: "text" };
import parts from "./assets/parts.js" with { type: "text" };
import progress from "./assets/progress.js" with { type: "text" };
import route from "./assets/route.js" with { type: "text" };
import sample from "./assets/sample-roster.csv" with { type: "text" };
import session from "./assets/session.js" with { type: "text" };
import settingName from "./assets/setting_name.js" with { type: "text" };
import settings from "./assets/settings.js" with { type: "text" };
import settingsEditors from "./assets/settings_editors.js" with { type: "text" };
import settingsFields from "./assets/settings_fields.js" with { type: "text" };
import settingsHistory from "./assets/settings_history.js" with { type: "text" };
import settingsLayout from "./assets/settings_layout.js" with { type: "text" };
import settingsPatch from "./assets/settings_patch.js" with { type: "text" };
import setup from "./assets/setup.js" with { type: "text" };
import setupQuestions from "./assets/setup_questions.js" with { type: "text" };
import signIn from "./assets/sign_in.js" with { type: "text" };
import storedSettings from "./assets/stored_settings.js" with { type: "text" };
import style from "./assets/style.css" with { type: "text" };
import testMail from "./assets/test_mail.js" with { type: "text" };
import usedSettings from "./assets/used_settings.js" with { type: "text" };
import words from "./assets/words.js" with { type: "text" };
import shell from "./shell.html" with { type: "text" };

export interface Asset {
  type: string;
  text: string;
  /** A hash of the content. Browsers load a new version at once, and an unchanged one not at all. */
  etag: string;
}

/** What the page needs to know about settings and columns. */
export interface Description {
  settings: SettingsSchema;
  columns: { name: string; otherNames: readonly string[] }[];
}

/** The parts of JSON Schema that the form reads. */
export interface SettingsSchema {
  type?: string;
  description?: string;
  default?: unknown;
  enum?: string[];
  properties?: Record<string, SettingsSchema>;
}

export const SHELL: Asset = asset("text/html", shell);

/** The files by their names under `assets/`. */
export const ASSETS: ReadonlyMap<string, Asset> = new Map([
  ...Object.entries({
    "api.js": api,
    "app.js": app,
    "check.js": check,
    "checked.js": checked,
    "counts.js": counts,
    "decide.js": decide,
    "dialog.js": dialog,
    "dom.js": dom,
    "failures.js": failures,
    "health.js": health,
    "held.js": held,
    "import.js": importView,
    "imports.js": imports,
    "live.js": live,
    "overview.js": overview,
    "paged.js": paged,
    "parts.js": parts,
    "progress.js": progress,
    "route.js": route,
    "session.js": session,
    "setting_name.js": settingName,
    "settings.js": settings,
    "settings_editors.js": settingsEditors,
    "settings_fields.js": settingsFields,
    "settings_history.js": settingsHistory,
    "settings_layout.js": settingsLayout,
    "settings_patch.js": settingsPatch,
    "setup.js": setup,
    "setup_questions.js": setupQuestions,
    "sign_in.js": signIn,
    "stored_settings.js": storedSettings,
    "test_mail.js": testMail,
    "used_settings.js": usedSettings,
    "words.js": words,
  }).map(([name, text]) => [name, asset("text/javascript", text)] as const),
  ...Object.entries({
    "counts.css": countsStyle,
    "forms.css": formsStyle,
    "frame.css": frameStyle,
    "overview.css": overviewStyle,
    "parts.css": partsStyle,
    "style.css": style,
    "tables.css": tablesStyle,
  }).map(([name, text]) => [name, asset("text/css", text)] as const),
  ["icon.svg", asset("image/svg+xml", icon)],
  ["sample-roster.csv", asset("text/csv", sample)],
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
