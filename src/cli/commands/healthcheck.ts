/** `rosterd healthcheck`: asks the running service whether it is alive and ready; for container images without curl. */
import { findRunning } from "../access.ts";
import { type Command, CommandFailed, EXIT, type Invocation } from "../command.ts";

const ANSWER_TIMEOUT_MS = 5_000;

export const healthcheckCommand: Command = {
  words: "healthcheck",
  operands: "",
  least: 0,
  most: 0,
  flags: { ready: { value: null, help: "ask whether it is ready to import, not only alive" } },
  summary: "ask the running service whether it is alive",
  help: "Asks the service that runs on this data folder whether it is alive. Exits with 0 or 1.",
  run: runHealthcheck,
};

async function runHealthcheck(invocation: Invocation): Promise<number> {
  const { config, flags, terminal } = invocation;
  const record = await findRunning(invocation);
  if (record === null) throw new CommandFailed(`no service answers on the data folder ${config.data}`);
  const path = flags.ready ? "/readyz" : "/healthz";
  let response: Response;
  try {
    response = await fetch(record.address + path, { signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) });
  } catch (error) {
    throw new CommandFailed(`the service at ${record.address} does not answer`, { cause: error });
  }
  await response.body?.cancel();
  terminal.out(response.ok ? "ok" : `not well: HTTP ${response.status}`);
  return response.ok ? EXIT.ok : EXIT.other;
}
