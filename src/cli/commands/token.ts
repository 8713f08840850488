/**
 * `rosterd token`: prints the path of the admin token, never the token itself; `--rotate` creates a new token. `token
 * add`, `list`, `remove` and `link` manage the named tokens (docs/cli.md#token).
 */
import { ADMIN_TOKEN, READ_TOKEN, type Role, ROLES } from "../../domain/access.ts";
import { adminTokenPath, readAdminToken, rotateAdminToken } from "../../host/data_folder.ts";
import { TokenRefused, TokensFile } from "../../host/tokens_file.ts";
import { urlHost } from "../../runtime/url_host.ts";
import { findRunning, noAccess } from "../access.ts";
import { type Command, CommandFailed, EXIT, type Invocation, JSON_FLAG, WrongUsage } from "../command.ts";

export const tokenCommand: Command = {
  words: "token",
  flags: { rotate: { value: null, help: "create a new token; the old one stops working at once" } },
  summary: "print where the admin token is",
  help: "Prints the path of the file with the admin token for HTTP. The first start of the service creates it.",
  run: runToken,
};

export const tokenAddCommand: Command = {
  words: "token add",
  operands: { words: "NAME", min: 1, max: 1 },
  flags: { role: { value: "ROLE", help: "admin, clerk or read (required)" } },
  summary: "create a named token, and print it once",
  help: "Creates a token for one person or program, prints it, and stores only its hash. The token works at once.\n" +
    "The history shows the name of the token for every action. Roles: read sees counts and settings; clerk also sees\n" +
    "people, checks files and requests scans; admin may do everything.",
  run: runAdd,
};

export const tokenListCommand: Command = {
  words: "token list",
  flags: JSON_FLAG,
  summary: "list the tokens with their roles",
  help: "Lists the tokens with their roles and creation times. The tokens themselves are never shown.",
  run: runList,
};

export const tokenRemoveCommand: Command = {
  words: "token remove",
  operands: { words: "NAME", min: 1, max: 1 },
  flags: {},
  summary: "remove a named token",
  help: "Removes a named token, its sign-in links and its sessions. All of them stop working at once.",
  run: runRemove,
};

export const tokenLinkCommand: Command = {
  words: "token link",
  operands: { words: "NAME", min: 1, max: 1 },
  flags: { address: { value: "URL", help: "the address of the page, if it is behind a proxy" } },
  summary: "print a one-time sign-in link for the admin page",
  help: "Prints a link that signs in to the admin page with a named token. It works once, within ten minutes.\n" +
    "The session that it starts ends after 12 hours, or when the token is removed.",
  run: runLink,
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

async function runAdd(invocation: Invocation): Promise<number> {
  const { operands: [name], flags, terminal } = invocation;
  const role = ROLES.find((each) => each === flags.role);
  if (role === undefined) throw new WrongUsage("token add needs --role admin, --role clerk or --role read");
  const { tokens } = await namedTokens(invocation);
  const token = await unlessRefused(tokens.add(name, role));
  terminal.err(`rosterd: created the token ${name} with the role ${role}; it is shown only once`);
  terminal.out(token);
  return EXIT.ok;
}

async function runList(invocation: Invocation): Promise<number> {
  const { config, flags, terminal } = invocation;
  const { tokens } = await namedTokens(invocation);
  const own = (name: Role) => ({ name: name as string, role: name, created_at: null });
  const all = [
    own(ADMIN_TOKEN),
    ...config.readToken === null ? [] : [own(READ_TOKEN)],
    ...await tokens.list(),
  ];
  if (flags.json) terminal.out(JSON.stringify({ tokens: all }, null, 2));
  else {
    const width = Math.max(...all.map(({ name }) => name.length));
    for (const { name, role, created_at } of all) {
      terminal.out(`${name.padEnd(width)}  ${role.padEnd(5)}  ${created_at ?? ""}`.trimEnd());
    }
  }
  return EXIT.ok;
}

async function runRemove(invocation: Invocation): Promise<number> {
  const { operands: [name], terminal } = invocation;
  const { tokens } = await namedTokens(invocation);
  await unlessRefused(tokens.remove(name));
  terminal.err(`rosterd: removed the token ${name}; a running service refuses it from now on`);
  return EXIT.ok;
}

async function runLink(invocation: Invocation): Promise<number> {
  const { operands: [name], flags, terminal } = invocation;
  const { tokens, address } = await namedTokens(invocation);
  const { secret, expiresAt } = await unlessRefused(tokens.addLink(name));
  terminal.err(`rosterd: this link signs in as ${name}, once, until ${expiresAt.toISOString()}`);
  // Browsers never send the part of an address after the #, so no server or proxy can log the secret.
  terminal.out(`${String(flags.address ?? address).replace(/\/+$/, "")}/#/sign-in/${secret}`);
  return EXIT.ok;
}

/**
 * The named tokens of a rosterd service that is running or at least installed, and the address of its page. Throws
 * NoAccess.
 */
async function namedTokens(invocation: Invocation): Promise<{ tokens: TokensFile; address: string }> {
  const { config, clock } = invocation;
  const running = await findRunning(invocation);
  const data = running?.data ?? config.data;
  const isInstalled = config.adminToken !== null || await readAdminToken(data) !== null;
  if (running === null && !isInstalled) throw noAccess(invocation);
  const { hostname, port } = config.listen;
  return { tokens: new TokensFile(data, clock), address: running?.address ?? `http://${urlHost(hostname)}:${port}` };
}

async function unlessRefused<T>(change: Promise<T>): Promise<T> {
  try {
    return await change;
  } catch (error) {
    throw error instanceof TokenRefused ? new CommandFailed(error.message, { cause: error }) : error;
  }
}
