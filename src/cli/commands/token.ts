/** `rosterd token`: where the admin token is; `--rotate` makes a new one. Never prints it. */
import { adminTokenPath, readAdminToken, rotateAdminToken } from "../../host/data_folder.ts";
import { findRunning, nothingToAsk } from "../access.ts";
import { type Command, CommandFailed, EXIT, type Invocation } from "../command.ts";

export const tokenCommand: Command = {
  words: "token",
  operands: "",
  least: 0,
  most: 0,
  flags: { rotate: { value: null, help: "make a new one; the old one is worth nothing from then on" } },
  summary: "say where the admin token is",
  help:
    "Prints the path of the file that holds the admin token, which HTTP wants. The first start of the service makes it.",
  run: runToken,
};

async function runToken(invocation: Invocation): Promise<number> {
  const { config, flags, terminal } = invocation;
  if (config.adminToken !== null) {
    if (flags.rotate) throw new CommandFailed("the admin token is given by ROSTERD_ADMIN_TOKEN: change it there");
    terminal.err("the admin token is given by ROSTERD_ADMIN_TOKEN");
    return EXIT.ok;
  }
  const data = (await findRunning(invocation))?.data ?? config.data;
  if (await readAdminToken(data) === null) throw nothingToAsk(invocation);
  if (flags.rotate) {
    await rotateAdminToken(data);
    terminal.err("made a new admin token; a running service wants it at once");
  }
  terminal.out(adminTokenPath(data));
  return EXIT.ok;
}
