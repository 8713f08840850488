/** Runs the whole service on a faulty database and provides the checks shared by all these tests. */
import type postgres from "postgres";
import type { StatusDocument } from "../../../src/http/service.ts";
import type { LinkTimeouts } from "../../../src/postgres/connection/backend_probe.ts";
import { TestService } from "../../support/service.ts";
import { until } from "../../support/until.ts";
import { Outside } from "../invariants.ts";

/** Short timeouts, so that a test does not have to wait half a minute. */
export const SHORT: LinkTimeouts = { silenceMs: 1_000, answerMs: 2_000, recheckMs: 300 };

/** A roster with `records` users. A large roster is sent to COPY in several chunks. */
export function roster(name: string, records: number) {
  const ids = Array.from({ length: records }, (_, at) => `${name}-${at}`);
  const content = `unique_id,login_source,street\n${
    ids.map((id) => `${id},ldap,${"Main Street ".repeat(6)}\n`).join("")
  }`;
  return { name: `${name}.csv`, content, status: "done" as const, creates: ids, failed: 0 };
}

export class FaultyDatabase implements AsyncDisposable {
  readonly outside: Outside;

  private constructor(readonly service: TestService, private readonly sql: () => postgres.Sql<{ bigint: number }>) {
    const through = new Proxy(function () {} as unknown as postgres.Sql<{ bigint: number }>, {
      apply: (_target, _self, words) => Reflect.apply(this.sql() as never, null, words),
    });
    this.outside = new Outside({ upload: service.upload, sql: through, mails: () => service.smtp.mails });
  }

  /** `sql` is evaluated each time, because the stopped server closed the last connection. */
  static async start(databaseUrl: string, sql: () => postgres.Sql<{ bigint: number }>): Promise<FaultyDatabase> {
    return new FaultyDatabase(await TestService.start({ databaseUrl, linkTimeouts: SHORT }), sql);
  }

  /** Drops a roster without waiting for the turn that imports it. */
  async drop(file: ReturnType<typeof roster>): Promise<void> {
    this.outside.expect(file);
    await this.service.drop(file.name, file.content);
    await (await this.service.fetch("/imports", { method: "POST" })).body?.cancel();
  }

  /** A second connection to the database. */
  connect(): postgres.Sql<{ bigint: number }> {
    return this.sql();
  }

  async status(): Promise<StatusDocument> {
    return await this.service.get<StatusDocument>("/status");
  }

  /** Waits until /readyz and /status report that the service is not ready, with this reason. */
  async unreachableBecause(reason: RegExp): Promise<void> {
    await until(`not ready: ${reason}`, async () => {
      const answer = await this.service.fetch("/readyz");
      const { problems } = await answer.json();
      if (answer.status !== 503) return false;
      return problems.some(({ code, text }: Record<string, string>) => code === "database" && reason.test(text));
    });
  }

  async ready(): Promise<void> {
    await until("ready again", async () => {
      const answer = await this.service.fetch("/readyz");
      await answer.body?.cancel();
      return answer.status === 200;
    }, 40_000);
  }

  /** Waits until the file has been imported once, checks that no trace of the fault is left, and stops the service. */
  async recovers(file: ReturnType<typeof roster>): Promise<void> {
    await until(`${file.name} in bak`, async () => {
      const names = await this.service.bak().catch(() => []);
      return names.some((name) => name.startsWith(file.name.replace(".csv", ".")));
    }, 60_000);
    await this.ready();
    await this.ends();
  }

  /** Stops the service. Checks that every dropped file is in its expected place, and that no session is left open. */
  async ends(): Promise<void> {
    await this.service.stop();
    await this.outside.inTheEnd();
    await until("no session is left", async () => {
      const [{ sessions }] = await this.sql()<{ sessions: number }[]>`
        select count(*) as sessions from pg_stat_activity
        where application_name = 'rosterd' and datname = current_database()`;
      return sessions === 0;
    });
    this.outside.checks++;
  }

  /** The log lines for this event. */
  logged(event: string): string[] {
    return this.service.lines.filter((line) => line.includes(`"${event}"`));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.service[Symbol.asyncDispose]();
  }
}
