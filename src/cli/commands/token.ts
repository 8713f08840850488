/** `rosterd token`: where the admin token is; `--rotate` makes a new one. Never prints it. */
import { adminTokenPath, makeDataFolder, readOrMakeAdminToken, rotateAdminToken } from "../../host/data_folder.ts";
import { type Command, CommandFailed, EXIT, type Invocation } from "../command.ts";

export const tokenCommand: Command = {
  words: "token",
  operands: "",
  least: 0,
  most: 0,
  flags: { rotate: { value: null, help: "make a new one; the old one is worth nothing from then on" } },
  summary: "say where the admin token is",
  help: "Prints the path of the file that holds the admin token, which HTTP wants. It is made where there is none.",
  run: runToken,
};

async function runToken({ config, flags, terminal }: Invocation): Promise<number> {
  if (config.adminToken !== null) {
    if (flags.rotate) throw new CommandFailed("the admin token is given by ROSTERD_ADMIN_TOKEN: change it there");
    terminal.err("the admin token is given by ROSTERD_ADMIN_TOKEN");
    return EXIT.ok;
  }
  await makeDataFolder(config.data);
  await (flags.rotate ? rotateAdminToken(config.data) : readOrMakeAdminToken(config.data));
  if (flags.rotate) terminal.err("made a new admin token; a running service wants it at once");
  terminal.out(adminTokenPath(config.data));
  return EXIT.ok;
}
