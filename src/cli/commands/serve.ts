/** `rosterd serve`: the service, until SIGTERM or SIGINT. */
import { createApp } from "../../app.ts";
import { adminTokenPath } from "../../host/data_folder.ts";
import { openSettingsFile } from "../../host/settings_file.ts";
import { mailWarnings, riskySettings } from "../../importer/warnings.ts";
import { delay } from "../../runtime/delay.ts";
import { type Command, EXIT, type Invocation } from "../command.ts";

export const serveCommand: Command = {
  words: "serve",
  operands: "",
  least: 0,
  most: 0,
  flags: {},
  standsAlone: true,
  summary: "run the service (also with no command)",
  help: "Runs the service: imports what is dropped into the upload folder, mails what failed, and answers HTTP.\n" +
    "Ends cleanly on SIGTERM and SIGINT; another one, a second later or more, ends it at once.",
  run: runServe,
};

/** Less than the shortest time after which supervisors kill (25 s, contract); everything may be broken off at any moment. */
const MAX_SHUTDOWN_MS = 20_000;

function runServe(invocation: Invocation): Promise<number> {
  return Promise.race([serve(invocation), forcedEnd(invocation)]);
}

/** Something does not end: the disk or the database hangs. What is unfinished is carried on by the next process. */
async function forcedEnd({ signal, log }: Invocation): Promise<number> {
  await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  await delay(MAX_SHUTDOWN_MS, new AbortController().signal);
  log.warn("stopped_unfinished", { after_seconds: MAX_SHUTDOWN_MS / 1_000 });
  return EXIT.ok;
}

async function serve(invocation: Invocation): Promise<number> {
  const { config, version, clock, log, signal, terminal } = invocation;
  await using app = await createApp(
    { config, version, clock, log, runFolder: Deno.env.get("RUNTIME_DIRECTORY") },
    signal,
  );
  const { settings } = await openSettingsFile(config.settings, clock).read();
  log.info("started", {
    version,
    address: app.url,
    upload: config.upload,
    database: config.databaseUrl ? "server" : "embedded",
  });
  if (Deno.uid() === 0) log.warn("runs_as_root", { reason: "give rosterd a user of its own" });
  for (const { code, text } of [...mailWarnings(settings), ...riskySettings(settings)]) {
    log.warn(code, { reason: text });
  }
  if (terminal.isPerson) greet(invocation, app.url, settings.interval_minutes);
  await app.ended;
  log.info("stopped");
  return EXIT.ok;
}

/** For a person who started it at a terminal. */
function greet({ config, terminal: { out, paint } }: Invocation, url: string, minutes: number): void {
  const token = config.adminToken === null ? adminTokenPath(config.data) : "ROSTERD_ADMIN_TOKEN";
  out("");
  out(
    `  ${paint.good("rosterd runs.")} Drop a roster into ${config.upload}: it is imported within ${minutes} minutes.`,
  );
  out(`  HTTP: ${url}   admin token: ${token}   settings: ${config.settings}`);
  out("");
}
