/** A roster of new users, and whether it was applied, seen from outside. */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { Cluster } from "../../support/cluster.ts";
import type { TestService } from "../../support/service.ts";

const RECORDS = 200;

interface Seen {
  users: number;
  entries: number;
  bak_file: string | null;
  mails: number;
}

/** One record is meant to fail, so that the import reports a failure and sends an email. */
export function rosterOf(id: string): ExpectedFile {
  const users = Array.from({ length: RECORDS }, (_, at) => `${id}-${at},ldap,Main Street\n`).join("");
  return new ExpectedFile(`${id}.csv`, `unique_id,login_source,street\n${users},ldap,\n`);
}

export class ExpectedFile {
  constructor(readonly name: string, readonly content: string) {}

  /** Whether the file was applied in full, is in `bak`, and is recorded as such. */
  async isFiled(service: TestService, cluster: Cluster): Promise<boolean> {
    const { users, entries, bak_file } = await this.#seen(cluster);
    return users === RECORDS && entries === 1 && bak_file !== null && await isThere(service, bak_file);
  }

  /** Asserts that the database contains nothing from the file. */
  async assertUnknown(cluster: Cluster): Promise<void> {
    const { users, entries } = await this.#seen(cluster);
    assert.deepEqual([users, entries], [0, 0], `${this.name} is reported as missing, although it is in the database`);
  }

  async assertAppliedOnce(service: TestService, cluster: Cluster): Promise<void> {
    const { users, entries, bak_file, mails } = await this.#seen(cluster);
    assert.deepEqual([users, entries, mails], [RECORDS, 1, 1], `${this.name}: users, imports, emails`);
    assert.equal(await service.readBak(bak_file!), this.content, `${this.name} is in bak`);
  }

  async #seen(cluster: Cluster): Promise<Seen> {
    const [seen] = await cluster.sql<Seen[]>(`
      with applied as (
        select * from rosterd.imports where file = '${this.name}' and status not in ('running', 'error')
      )
      select (select count(*)::int from rosterd.users where unique_id like '${
      this.name.replace(".csv", "-")
    }%') as users,
        count(*)::int as entries, max(bak_file) as bak_file,
        (select count(*)::int from rosterd.outbox where import_id in (select id from applied)) as mails
      from applied`);
    return seen;
  }
}

async function isThere({ upload }: TestService, bakFile: string): Promise<boolean> {
  return await Deno.stat(join(upload, "bak", bakFile)).then(() => true, () => false);
}
