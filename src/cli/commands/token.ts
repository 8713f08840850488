/** `rosterd token`: prints where the admin token is, never the token; `--rotate` creates a new one. */
import { adminTokenPath, readAdminToken, rotateAdminToken } from "../../host/data_folder.ts";
import { findRunning, noAccess } from "../access.ts";
import { type Command, CommandFailed, EXIT, type Invocation } from "../command.ts";

export const tokenCommand: Command = {
  words: "token",
  flags: { rotate: { value: null, help: "create a new token; the old one stops working at once" } },
  summary: "print where the admin token is",
  help: "Prints the path of the file with the admin token for HTTP. The first start of the service creates it.",
  run: runToken,
};

async function runToken(invocation: Invocation): Promise<number> {
  const { config, flags, terminal } = invocation;
  if (config.adminToken !== null) {
    if (flags.rotate) throw new CommandFailed("the admin token is set by ROSTERD_ADMIN_TOKEN: change it there");
    terminal.err("rosterd: the admin token is set by ROSTERD_ADMIN_TOKEN");
    return EXIT.ok;
  }
  const data = (await findRunning(invocation))?.data ?? config.data;
  if (await readAdminToken(data) === null) throw noAccess(invocation);
  if (flags.rotate) {
    await rotateAdminToken(data);
    terminal.err("rosterd: created a new admin token; a running service accepts only this one from now on");
  }
  terminal.out(adminTokenPath(data));
  return EXIT.ok;
}
