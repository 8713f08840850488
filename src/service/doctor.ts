/** All that `rosterd doctor` looks at: within the service for a command that found it, else within the command itself. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { Config } from "../config.ts";
import { bad, type Finding, good, warning } from "../domain/finding.ts";
import type { Settings } from "../domain/settings.ts";
import { checkData, checkDisk, checkSettings, checkUser } from "../host/doctor.ts";
import { anotherUser, closedOnTheWay, ENTER, lets, READ, type ServiceUser, WRITE } from "../host/eyes.ts";
import { riskySettings } from "../importer/warnings.ts";
import { checkFolders } from "../inbox/doctor.ts";
import { type Eyes, foldersSeenBy } from "../inbox/seen_as.ts";
import type { Clock } from "../runtime/clock.ts";
import { nullOn } from "../runtime/errors.ts";
import { checkMail } from "../smtp/doctor.ts";

export interface Examination {
  config: Config;
  clock: Clock;
  signal: AbortSignal;
  /** What is found in the database. */
  database: () => AsyncGenerator<Finding>;
}

/** Each as soon as it is found. Folders are judged for the user of the service. */
export async function* examineAll({ config, clock, signal, database }: Examination): AsyncGenerator<Finding> {
  const { finding, settings } = await checkSettings(config.settings, clock);
  yield finding;
  const user = await userOfService(config);
  yield user === null ? checkUser() : judgedFor(user);
  yield* database();
  yield* user === null ? checkFolders(config.upload) : foldersSeenBy(config.upload, eyesOf(user));
  yield await checkDisk("upload_disk", config.upload);
  yield user === null ? await checkData(config.data) : await dataSeenBy(user, config.data);
  yield await checkDisk("data_disk", config.data);
  if (settings === null) return;
  yield await checkMail(settings, { password: config.smtpPassword ?? undefined }, signal);
  yield* examineArchiving(settings);
}

/** The user of the service, where that is not who asks: the owner of what the service made. */
export function userOfService({ data, upload, settings }: Config): Promise<ServiceUser | null> {
  return anotherUser(data, join(upload, ".rosterd"), settings);
}

export function eyesOf(user: ServiceUser): Eyes {
  return {
    uid: user.uid,
    name: user.name,
    mayUse: (path) => hindrance(user, path),
    mayRead: (entry) => lets(user, entry, READ),
  };
}

/** Why a user may not list, change and enter a folder; null: nothing keeps it from that. */
async function hindrance(user: ServiceUser, path: string): Promise<string | null> {
  const closed = await closedOnTheWay(user, path);
  if (closed !== null) return `it may not enter ${closed}`;
  const stats = await stat(path);
  if (lets(user, stats, READ | WRITE | ENTER)) return null;
  return `owner uid ${stats.uid}, group gid ${stats.gid}, mode ${(stats.mode & 0o7777).toString(8).padStart(4, "0")}`;
}

function judgedFor({ name }: ServiceUser): Finding {
  return good("user", `folders are judged for ${name}, by owners and modes: who asks is another user`);
}

async function dataSeenBy(user: ServiceUser, data: string): Promise<Finding> {
  if (await nullOn(stat(data), "ENOENT") === null) return await checkData(data);
  const why = await hindrance(user, data);
  if (why === null) return good("data_folder", `${user.name} may write in ${data}, by its owner and mode`);
  const mend = "Make it a folder in which the user of rosterd may write, or name another with --data.";
  return bad("data_folder", `${user.name} may not use ${data}: ${why}`, mend);
}

const ARCHIVING_MENDS: Readonly<Record<string, string>> = {
  no_archive_guard: "Run: rosterd settings set archive_guard.max_percent=10",
  archives_without_mail: "Set smtp.host, reply_to_admin_email and failed_import_email.",
};

/** Whether users may lose access without anybody being asked or told. */
function* examineArchiving(settings: Settings): Generator<Finding> {
  const { archive_inactive_users, missing_users, archive_guard } = settings;
  const risks = riskySettings(settings);
  for (const { code, text } of risks) {
    yield warning("archiving", text, ARCHIVING_MENDS[code] ?? "Look at the settings of archiving.");
  }
  if (risks.length > 0) return;
  const archives = archive_inactive_users || missing_users === "archive";
  const { max_percent, min_users } = archive_guard;
  yield good(
    "archiving",
    archives ? `above ${max_percent} percent and ${min_users} users archivings wait for consent` : "nobody is archived",
  );
}
