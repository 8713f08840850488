/**
 * All checks of `rosterd doctor`. The running service performs them, or the command itself if no service is running.
 */
import { lstat, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Config } from "../config.ts";
import { bad, type Finding, good, warning } from "../domain/finding.ts";
import type { Settings } from "../domain/settings.ts";
import { checkData, checkDisk, checkSettings, checkUser, nearest, refusal } from "../host/doctor.ts";
import { checkPrivateFiles } from "../host/private_files.ts";
import { allows, blockingFolder, ENTER, otherOwner, READ, type ServiceUser, WRITE } from "../host/user_rights.ts";
import { riskySettings } from "../importer/warnings.ts";
import { checkFolders } from "../inbox/doctor.ts";
import { createdWhenNeeded, foldersOf } from "../inbox/folders.ts";
import { nullOn } from "../runtime/errors.ts";
import { counted } from "../runtime/grouped.ts";
import { checkFoldersFor, type UserAccess } from "../inbox/user_access.ts";
import type { Clock } from "../runtime/clock.ts";
import { checkMail } from "../smtp/doctor.ts";

export interface CheckOptions {
  config: Config;
  clock: Clock;
  signal: AbortSignal;
  database: () => AsyncGenerator<Finding>;
}

/** Yields each finding as soon as it is known. Checks folders using the rights of the service's user. */
export async function* runChecks({ config, clock, signal, database }: CheckOptions): AsyncGenerator<Finding> {
  const { finding, settings } = await checkSettings(config.settings, clock);
  yield finding;
  const user = await userOfService(config);
  yield user === null ? checkUser() : checkedFor(user);
  yield* database();
  const missing = await checkMissing("upload_folder", config.upload, user, "--upload");
  if (missing !== null) yield missing;
  else yield* user === null ? checkFolders(config.upload) : checkFoldersFor(config.upload, accessOf(user));
  for (const feed of missing === null && settings !== null ? Object.keys(settings.feeds) : []) {
    yield* checkFeed(config.upload, feed, user);
  }
  yield await checkDisk("upload_disk", config.upload);
  yield await checkMissing("data_folder", config.data, user, "--data") ??
    (user === null ? await checkData(config.data) : await checkDataFor(user, config.data));
  yield await checkDisk("data_disk", config.data);
  yield* await checkPrivateFiles(config);
  if (settings === null) return;
  yield await checkMail(settings, { password: config.smtpPassword ?? undefined }, signal);
  yield* checkArchiving(settings);
  yield checkRetention(settings);
}

async function* checkFeed(upload: string, feed: string, user: ServiceUser | null): AsyncGenerator<Finding> {
  const { upload: folder } = foldersOf(upload, feed);
  if (user !== null) yield* checkFoldersFor(upload, accessOf(user), feed);
  else if (await nullOn(lstat(folder), "ENOENT") !== null) yield* checkFolders(upload, feed);
  else yield createdWhenNeeded("upload_folder", folder);
}

/** The service's user, who is the owner of its files; null if the current user owns them. */
export function userOfService({ data, upload, settings }: Config): Promise<ServiceUser | null> {
  return otherOwner(data, join(upload, ".rosterd"), settings);
}

export function accessOf(user: ServiceUser): UserAccess {
  return {
    uid: user.uid,
    name: user.name,
    mayUse: (path) => whyNotUsable(user, path),
    mayRead: (entry) => allows(user, entry, READ),
  };
}

async function whyNotUsable(user: ServiceUser, path: string): Promise<string | null> {
  const closed = await blockingFolder(user, path);
  if (closed !== null) return `it cannot enter ${closed}`;
  const stats = await stat(path);
  if (allows(user, stats, READ | WRITE | ENTER)) return null;
  return `owner uid ${stats.uid}, group gid ${stats.gid}, mode ${(stats.mode & 0o7777).toString(8).padStart(4, "0")}`;
}

function checkedFor({ name }: ServiceUser): Finding {
  return good("user", `doctor is not running as ${name}: access to folders is derived from owners and modes`);
}

/** Checks that the first start can create a missing folder. Returns null if the folder exists. */
async function checkMissing(
  check: string,
  folder: string,
  user: ServiceUser | null,
  flag: string,
): Promise<Finding | null> {
  const parent = await nearest(folder);
  if (parent === resolve(folder)) return null;
  const why = user === null ? await refusal(parent) : await whyNotUsable(user, parent);
  if (why === null) return good(check, `${folder} does not exist yet: the first start creates it`);
  const fix = `Create it for rosterd's user, or choose another with ${flag}.`;
  return bad(check, `${folder} does not exist and cannot be created (${why})`, fix);
}

async function checkDataFor(user: ServiceUser, data: string): Promise<Finding> {
  const why = await whyNotUsable(user, data);
  if (why === null) return good("data_folder", `${user.name} can write to ${data}, judging by its owner and mode`);
  const fix = "Make it a folder that rosterd's user can write to, or choose another folder with --data.";
  return bad("data_folder", `${user.name} cannot use ${data}: ${why}`, fix);
}

/** Warns if users can lose access without an admin's approval. */
function* checkArchiving(settings: Settings): Generator<Finding> {
  const { archive_inactive_users, missing_users, archive_guard } = settings;
  const risks = riskySettings(settings);
  for (const { text } of risks) {
    yield warning("archiving", text, "Run: rosterd settings set archive_guard.max_percent=10");
  }
  if (risks.length > 0) return;
  const archives = archive_inactive_users || missing_users === "archive";
  const { max_percent, min_users } = archive_guard;
  yield good(
    "archiving",
    archives
      ? `archiving more than ${max_percent} percent of the users (and more than ${min_users}) requires your approval`
      : "with these settings, no users are archived",
  );
}

/** Warns if personal data is kept indefinitely. */
function checkRetention({ bak_retention_days: days }: Settings): Finding {
  if (days > 0) return good("retention", `imports are cleared after ${counted(days, "day")}`);
  const text = "imports are never cleared: files in bak, failures and undo data are kept indefinitely";
  return warning("retention", text, "Run: rosterd settings set bak_retention_days=400");
}
