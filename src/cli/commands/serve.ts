/** `rosterd serve`: runs the service until SIGTERM or SIGINT. */
import { createApp } from "../../app.ts";
import { adminTokenPath } from "../../host/data_folder.ts";
import { checkPrivateFiles } from "../../host/private_files.ts";
import { openSettingsFile } from "../../host/settings_file.ts";
import { mailWarnings, riskySettings } from "../../importer/warnings.ts";
import { delay } from "../../runtime/delay.ts";
import { counted } from "../../runtime/grouped.ts";
import { notifier } from "../../runtime/notify_socket.ts";
import { type Command, EXIT, type Invocation } from "../command.ts";

export const serveCommand: Command = {
  words: "serve",
  flags: {},
  ignoresInstallation: true,
  summary: "run the service (the default command)",
  help: "Runs the service: imports files from the upload folder, emails failures, and answers HTTP.\n" +
    "Exits with 70 if the service no longer responds to its own health checks.\n" +
    "Stops cleanly on SIGTERM or SIGINT. A second signal at least one second later stops it at once.",
  run: runServe,
};

/**
 * Supervisors wait at least 25 seconds before they kill the process. Aborting is safe: the next process resumes the
 * work.
 */
const MAX_SHUTDOWN_MS = 20_000;

function runServe(invocation: Invocation): Promise<number> {
  const hung = Promise.withResolvers<number>();
  const onHang = () => hung.resolve(EXIT.software);
  return Promise.race([serve(invocation, onHang), forcedEnd(invocation), hung.promise]);
}

/** This timer ends the process if a disk or a database hangs during shutdown. */
async function forcedEnd({ signal, log }: Invocation): Promise<number> {
  await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  await delay(MAX_SHUTDOWN_MS, new AbortController().signal);
  log.warn("stopped_unfinished", { after_seconds: MAX_SHUTDOWN_MS / 1_000 });
  return EXIT.ok;
}

async function serve(invocation: Invocation, onHang: () => void): Promise<number> {
  const { config, version, clock, log, signal, terminal } = invocation;
  const runFolder = Deno.env.get("RUNTIME_DIRECTORY"), notifySocket = Deno.env.get("NOTIFY_SOCKET");
  const notify = notifySocket ? notifier(notifySocket, runFolder ?? config.data) : undefined;
  await using app = await createApp({ config, version, clock, log, runFolder, notify, onHang }, signal);
  const { settings } = await openSettingsFile(config.settings, clock).read();
  log.info("started", {
    version,
    address: app.url,
    upload: config.upload,
    database: config.databaseUrl ? "server" : "embedded",
  });
  if (Deno.uid() === 0) log.warn("runs_as_root", { reason: "run rosterd as its own user, not as root" });
  for (const { check, verdict, text, fix } of await checkPrivateFiles(config)) {
    if (verdict === "warning") log.warn(check, { reason: text, fix });
  }
  for (const { code, text } of [...mailWarnings(settings), ...riskySettings(settings)]) {
    log.warn(code, { reason: text });
  }
  if (terminal.isPerson) greet(invocation, app.url, settings.interval_minutes);
  await app.ended;
  log.info("stopped");
  return EXIT.ok;
}

function greet({ config, terminal: { out, paint } }: Invocation, url: string, minutes: number): void {
  const token = config.adminToken === null ? adminTokenPath(config.data) : "ROSTERD_ADMIN_TOKEN";
  out("");
  const within = counted(minutes, "minute");
  out(
    `  ${paint.good("rosterd is running.")} Rosters that you drop into ${config.upload} are imported within ${within}.`,
  );
  out(`  HTTP: ${url}   admin token: ${token}   settings: ${config.settings}`);
  out("");
}
