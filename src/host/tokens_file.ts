/**
 * The named tokens in `DATA/tokens.json`, mode 0600 (docs/http.md#authentication). The file contains only digests, so a
 * copy of it does not give access. Each call reads the file again, so a running service sees every change at once.
 */
import { join } from "node:path";
import { z } from "zod";
import {
  ADMIN_TOKEN,
  type Credential,
  CREDENTIAL_KINDS,
  type Issued,
  READ_TOKEN,
  type Role,
  ROLES,
} from "../domain/access.ts";
import type { Clock } from "../runtime/clock.ts";
import { jsonOrNull } from "../runtime/json.ts";
import { isSameDigest, newSecret, secretDigest } from "../runtime/secrets.ts";
import { inData } from "./unusable_data.ts";
import { fileLock, readIfPresent, writeWhole } from "./whole_file.ts";

const stored = z.array(z.object({
  name: z.string(),
  role: z.enum(ROLES),
  kind: z.enum(CREDENTIAL_KINDS),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** A time in RFC 3339 format, like all times in this file. */
  created_at: z.iso.datetime(),
  /** Null if the credential never expires. */
  expires_at: z.iso.datetime().nullable(),
}));
type Entry = z.output<typeof stored>[number];

/** Thrown if the file is damaged. No named token works until an admin fixes or removes the file. */
export class BrokenTokensFile extends Error {
  override readonly name = "BrokenTokensFile";
  constructor(path: string) {
    super(`${path} is not a valid tokens file; restore it, or remove it and add the tokens again`);
  }
}

/** Thrown if a token cannot be added or does not exist. */
export class TokenRefused extends Error {
  override readonly name = "TokenRefused";
}

export function tokensPath(folder: string): string {
  return join(folder, "tokens.json");
}

const LINK_MS = 10 * 60_000;
const SESSION_MS = 12 * 3_600_000;

/** Names are lower case only, so that two names never differ only in case. Email addresses are valid names. */
const NAME = /^[a-z][a-z0-9._@-]{0,63}$/;

/**
 * Reads and changes the named tokens. Every method may throw {@link BrokenTokensFile} and `UnusableData`. The data
 * folder must exist.
 */
export class TokensFile {
  readonly #locked: ReturnType<typeof fileLock>;

  constructor(private readonly folder: string, private readonly clock: Clock) {
    this.#locked = fileLock(`${tokensPath(folder)}.lock`);
  }

  /** All credentials that have not expired. */
  async credentials(): Promise<Credential[]> {
    return await this.#read();
  }

  /** The named tokens, oldest first. */
  async list(): Promise<{ name: string; role: Role; created_at: string }[]> {
    const tokens = (await this.#read()).filter(({ kind }) => kind === "token");
    return tokens.map(({ name, role, created_at }) => ({ name, role, created_at }));
  }

  /** Adds a token. Returns the secret; only its digest is stored. Throws {@link TokenRefused}. */
  async add(name: string, role: Role): Promise<string> {
    if (!NAME.test(name)) {
      throw new TokenRefused(
        "a token's name must begin with a lower-case letter, followed by up to 63 lower-case letters, digits and . _ @ -",
      );
    }
    if (name === ADMIN_TOKEN || name === READ_TOKEN) {
      throw new TokenRefused(`the name ${name} is reserved for rosterd's own token`);
    }
    return await this.#change((entries) => {
      if (entries.some((entry) => entry.name === name)) {
        throw new TokenRefused(`a token named ${name} already exists: remove it first`);
      }
      const { secret, entry } = this.#issue({ name, role, kind: "token" }, null);
      return { entries: [...entries, entry], result: secret };
    });
  }

  /** Removes the token, its sign-in links and its sessions. Throws {@link TokenRefused}. */
  async remove(name: string): Promise<void> {
    await this.#change((entries) => {
      requireToken(entries, name);
      return { entries: entries.filter((entry) => entry.name !== name), result: undefined };
    });
  }

  /** Creates a sign-in link for the token. Throws {@link TokenRefused}. */
  async addLink(name: string): Promise<Issued> {
    return await this.#change((entries) =>
      this.#issued(entries, { ...requireToken(entries, name), kind: "link" }, LINK_MS)
    );
  }

  /** Exchanges a sign-in link for a session. Returns null if the link has been used, has expired, or never existed. */
  async startSession(link: string): Promise<Issued | null> {
    const sha256 = secretDigest(link);
    return await this.#change<Issued | null>((entries) => {
      const used = entries.find((entry) => entry.kind === "link" && isSameDigest(entry.sha256, sha256));
      if (used === undefined) return { entries, result: null };
      return this.#issued(entries.filter((entry) => entry !== used), { ...used, kind: "session" }, SESSION_MS);
    });
  }

  #issued(entries: Entry[], owner: Pick<Entry, "name" | "role" | "kind">, ms: number) {
    const expiresAt = new Date(this.clock.now().getTime() + ms);
    const { secret, entry } = this.#issue(owner, expiresAt);
    return { entries: [...entries, entry], result: { secret, expiresAt } };
  }

  #issue({ name, role, kind }: Pick<Entry, "name" | "role" | "kind">, expiresAt: Date | null) {
    const secret = newSecret(), created_at = this.clock.now().toISOString();
    const expires_at = expiresAt?.toISOString() ?? null;
    return { secret, entry: { name, role, kind, sha256: secretDigest(secret), created_at, expires_at } };
  }

  async #read(): Promise<Entry[]> {
    const path = tokensPath(this.folder);
    const text = await inData(this.folder, () => readIfPresent(path));
    if (text === null) return [];
    const read = stored.safeParse(jsonOrNull(text));
    if (!read.success) throw new BrokenTokensFile(path);
    const now = this.clock.now();
    return read.data.filter(({ expires_at }) => expires_at === null || new Date(expires_at) > now);
  }

  /** Writing the file also removes expired entries, because `#read` omits them. */
  async #change<T>(make: (entries: Entry[]) => { entries: Entry[]; result: T }): Promise<T> {
    return await inData(this.folder, () =>
      this.#locked(async () => {
        const before = await this.#read();
        const { entries, result } = make(before);
        if (entries !== before) {
          await writeWhole(tokensPath(this.folder), JSON.stringify(entries, null, 2) + "\n", { mode: 0o600 });
        }
        return result;
      }));
  }
}

function requireToken(entries: readonly Entry[], name: string): Entry {
  const token = entries.find((entry) => entry.name === name && entry.kind === "token");
  if (token === undefined) throw new TokenRefused(`there is no named token ${JSON.stringify(name)}`);
  return token;
}
