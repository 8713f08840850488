/**
 * A folder tree next to the upload folder. The tree must not change (I7), and rosterd must not read the secret in it.
 * The comparison includes names, kinds, modes, owners, inodes, times and bytes. If the secret appears elsewhere,
 * rosterd has read the tree.
 */
import assert from "node:assert/strict";
import { chmod, lstat, mkdir, readdir, readFile, readlink, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** The secret. Every secret file is a roster containing this user, who would be created by an import. */
export const SECRET = "SECRET-7f3a9c";
const ROSTER = `unique_id,login_source,first_name\n${SECRET},ldap,${SECRET}\n,ldap,${SECRET}\n`;
/** Another rosterd's work folder, with a waiting upload. */
const OTHER_KEY = "20261101T000000Z-0000aaaa";

export class Canary {
  readonly #before: Record<string, string>;
  private constructor(readonly root: string, before: Record<string, string>) {
    this.#before = before;
  }

  /** Creates the tree. Only the owner may read the files, but all users may enter the folders. */
  static async plant(root: string): Promise<Canary> {
    for (
      const folder of ["", "tree", "tree/deep", "other", "other/.rosterd", `other/.rosterd/${OTHER_KEY}`, "other/bak"]
    ) {
      await mkdir(join(root, folder), { recursive: true });
      await chmod(join(root, folder), 0o755);
    }
    const files = [
      "secret.csv",
      "tree/x0.csv",
      "tree/deep/x1.csv",
      `other/.rosterd/${OTHER_KEY}/x2.csv`,
      "other/bak/x3.csv",
    ];
    for (const file of files) {
      await writeFile(join(root, file), ROSTER, { mode: 0o600 });
      await utimes(join(root, file), new Date("2020-01-01"), new Date("2020-01-01"));
    }
    await symlink("deep", join(root, "tree/link"));
    return new Canary(root, await photograph(root));
  }

  /** Lists how the tree has changed since its creation. */
  async differences(): Promise<string[]> {
    const now = await photograph(this.root);
    const paths = new Set([...Object.keys(this.#before), ...Object.keys(now)]);
    return [...paths].filter((path) => this.#before[path] !== now[path])
      .map((path) => `${path}: ${this.#before[path] ?? "not there"} → ${now[path] ?? "gone"}`);
  }

  /**
   * Asserts that all entries are unchanged, with the same inodes. Folders may contain new entries. Returns the number
   * of comparisons and the paths of new entries.
   */
  async unharmed(): Promise<{ compared: number; added: string[] }> {
    const now = await photograph(this.root);
    for (const [path, before] of Object.entries(this.#before)) {
      const isFolder = before.startsWith('["4');
      const sizeless = (picture: string | undefined) => isFolder ? JSON.parse(picture ?? "[]").slice(0, 3) : picture;
      assert.deepEqual(sizeless(now[path]), sizeless(before), `I7: ${path} outside the upload folder is unchanged`);
    }
    const added = Object.keys(now).filter((path) => !(path in this.#before));
    return { compared: Object.keys(this.#before).length, added };
  }

  /** Asserts that the tree is unchanged. Returns the number of comparisons. */
  async untouched(): Promise<number> {
    assert.deepEqual(await this.differences(), [], "I7: nothing outside the upload folder has changed");
    return Object.keys(this.#before).length;
  }
}

async function photograph(root: string, path = "."): Promise<Record<string, string>> {
  const stats = await lstat(join(root, path), { bigint: true });
  const { mode, uid, ino, mtimeNs, size } = stats;
  const content = stats.isFile()
    ? await readFile(join(root, path), "utf8")
    : stats.isSymbolicLink()
    ? await readlink(join(root, path))
    : "";
  const own = {
    [path]: JSON.stringify([mode.toString(8), Number(uid), String(ino), String(mtimeNs), String(size), content]),
  };
  if (!stats.isDirectory()) return own;
  const inside = await Promise.all((await readdir(join(root, path))).map((name) => photograph(root, join(path, name))));
  return Object.assign(own, ...inside);
}

/** Asserts that the secret does not appear in any of the given texts. */
export function secretIsIn(texts: Record<string, string>): string[] {
  return Object.entries(texts).filter(([, text]) => text.includes(SECRET)).map(([what]) => what);
}
