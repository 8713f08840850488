/** All checks of `rosterd doctor`. They run in the service, or in the command if no service is running. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { Config } from "../config.ts";
import { bad, type Finding, good, warning } from "../domain/finding.ts";
import type { Settings } from "../domain/settings.ts";
import { checkData, checkDisk, checkSettings, checkUser } from "../host/doctor.ts";
import { checkPrivateFiles } from "../host/private_files.ts";
import { allows, blockingFolder, ENTER, otherOwner, READ, type ServiceUser, WRITE } from "../host/user_rights.ts";
import { riskySettings } from "../importer/warnings.ts";
import { checkFolders } from "../inbox/doctor.ts";
import { checkFoldersFor, type UserAccess } from "../inbox/user_access.ts";
import type { Clock } from "../runtime/clock.ts";
import { nullOn } from "../runtime/errors.ts";
import { checkMail } from "../smtp/doctor.ts";

export interface CheckOptions {
  config: Config;
  clock: Clock;
  signal: AbortSignal;
  database: () => AsyncGenerator<Finding>;
}

/** Yields each finding as soon as it is known. Folders are checked for the service's user. */
export async function* runChecks({ config, clock, signal, database }: CheckOptions): AsyncGenerator<Finding> {
  const { finding, settings } = await checkSettings(config.settings, clock);
  yield finding;
  const user = await userOfService(config);
  yield user === null ? checkUser() : checkedFor(user);
  yield* database();
  yield* user === null ? checkFolders(config.upload) : checkFoldersFor(config.upload, accessOf(user));
  yield await checkDisk("upload_disk", config.upload);
  yield user === null ? await checkData(config.data) : await checkDataFor(user, config.data);
  yield await checkDisk("data_disk", config.data);
  yield* await checkPrivateFiles(config);
  if (settings === null) return;
  yield await checkMail(settings, { password: config.smtpPassword ?? undefined }, signal);
  yield* checkArchiving(settings);
}

/** The service's user: the owner of its files. Null if that is the current user. */
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
  if (closed !== null) return `it may not enter ${closed}`;
  const stats = await stat(path);
  if (allows(user, stats, READ | WRITE | ENTER)) return null;
  return `owner uid ${stats.uid}, group gid ${stats.gid}, mode ${(stats.mode & 0o7777).toString(8).padStart(4, "0")}`;
}

function checkedFor({ name }: ServiceUser): Finding {
  return good("user", `this runs as another user than ${name}: rights on folders are derived from owners and modes`);
}

async function checkDataFor(user: ServiceUser, data: string): Promise<Finding> {
  if (await nullOn(stat(data), "ENOENT") === null) return await checkData(data);
  const why = await whyNotUsable(user, data);
  if (why === null) return good("data_folder", `${user.name} may write to ${data}, according to owner and mode`);
  const fix = "Make it a folder that rosterd's user may write to, or name another with --data.";
  return bad("data_folder", `${user.name} may not use ${data}: ${why}`, fix);
}

const ARCHIVING_FIXES: Readonly<Record<string, string>> = {
  no_archive_guard: "Run: rosterd settings set archive_guard.max_percent=10",
  archives_without_mail: "Set smtp.host, reply_to_admin_email and failed_import_email.",
};

/** Warns if users can lose access without a decision or a mail. */
function* checkArchiving(settings: Settings): Generator<Finding> {
  const { archive_inactive_users, missing_users, archive_guard } = settings;
  const risks = riskySettings(settings);
  for (const { code, text } of risks) {
    yield warning("archiving", text, ARCHIVING_FIXES[code] ?? "Check the settings for archiving.");
  }
  if (risks.length > 0) return;
  const archives = archive_inactive_users || missing_users === "archive";
  const { max_percent, min_users } = archive_guard;
  yield good(
    "archiving",
    archives
      ? `archivals above ${max_percent} percent and ${min_users} users are put on hold`
      : "no setting archives users",
  );
}
