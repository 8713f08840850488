/**
 * `rosterd healthcheck`: asks the running service whether it is alive and ready. Container images without curl need
 * this command.
 */
import { findRunning } from "../access.ts";
import { type Command, CommandFailed, EXIT, type Invocation } from "../command.ts";

const ANSWER_TIMEOUT_MS = 5_000;

export const healthcheckCommand: Command = {
  words: "healthcheck",
  flags: { ready: { value: null, help: "ask whether the service is ready to import, not just whether it is alive" } },
  summary: "ask the running service whether it is alive",
  help: "Asks the running service whether it is alive. Exits with 0 if it is, otherwise with 1.",
  run: runHealthcheck,
};

async function runHealthcheck(invocation: Invocation): Promise<number> {
  const { config, flags, terminal } = invocation;
  const service = await findRunning(invocation);
  if (service === null) throw new CommandFailed(`no service is running with the data folder ${config.data}`);
  const path = flags.ready ? "/readyz" : "/healthz";
  let response: Response;
  try {
    response = await fetch(service.address + path, { signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) });
  } catch (error) {
    throw new CommandFailed(`the service at ${service.address} does not answer`, { cause: error });
  }
  await response.body?.cancel();
  terminal.out(response.ok ? "ok" : `not healthy: HTTP ${response.status}`);
  return response.ok ? EXIT.ok : EXIT.other;
}
