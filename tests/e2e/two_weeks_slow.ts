/**
 * Two weeks of nightly rosters with persistent and new failures. Checks on which nights emails are sent, and what they
 * contain.
 */
import assert from "node:assert/strict";
import type { ImportEntry } from "../../src/importer/ports.ts";
import { systemClock } from "../../src/runtime/clock.ts";
import { serverUnavailable, testDatabase } from "../support/postgres.ts";
import { TestService } from "../support/service.ts";
import { until } from "../support/until.ts";

const unavailable = await serverUnavailable();
if (unavailable !== null) console.error(`LEFT OUT: the tests of ${import.meta.url}: ${unavailable}`);

const DAY_MS = 86_400_000;
const HEADER = "unique_id,login_source,first_name,last_name,date_of_birth\n";
const GOOD = "1,ldap,Grace,Hopper,1906-12-09\n";
const LASTING = "2,ldap,Ada,Lovelace,10/12/1815\n";
const MALFORMED = "3,ldap,Alan\n";
const LATER = "4,ldap,Edsger,Dijkstra,11/05/1930\n";
const CORRECTED = "2,ldap,Ada,Lovelace,1815-12-10\n";

interface Night {
  roster: string;
  /** The last words of the email's subject; null if no email was sent. */
  mail: string | null;
  text?: RegExp;
}

const TWO = HEADER + GOOD + LASTING + MALFORMED, THREE = TWO + LATER;
const quiet = (roster: string): Night => ({ roster, mail: null });

const NIGHTS: readonly Night[] = [
  { roster: TWO, mail: "2 new failures", text: /^2 records failed for the first time/ },
  quiet(TWO),
  quiet(TWO),
  {
    roster: THREE,
    mail: "1 new, 2 known failures",
    text:
      /New failures: 1 record\n[^]*line 5: 4 \(Edsger Dijkstra\)[^]*Still failing: 2 records\n[^]*line 3: 2 \(Ada Lovelace\), since /,
  },
  ...Array.from({ length: 6 }, () => quiet(THREE)),
  { roster: THREE, mail: "3 known failures", text: /^Nothing new failed in "roster\.csv", but 3 records still fail/ },
  quiet(HEADER + GOOD + CORRECTED + MALFORMED + LATER),
  { roster: THREE, mail: "1 new, 2 known failures" },
  { roster: "nothing of a roster\n", mail: "rejected" },
];

Deno.test({
  name: "in two weeks, emails are sent for new failures and rejections, and every seven days for persistent failures",
  ignore: unavailable !== null,
  async fn() {
    await using database = (await testDatabase())!;
    let ahead = 0;
    const clock = {
      now: () => new Date(systemClock.now().getTime() + ahead),
      elapsed: () => systemClock.elapsed() + ahead,
    };
    await using service = await TestService.start({ databaseUrl: database.url, clock, settings: { mail_on: "new" } });
    let sent = 0;
    for (const [night, { roster, mail, text = /./ }] of NIGHTS.entries()) {
      const { id, mail: state } = await service.import("roster.csv", roster);
      assert.equal(state === "none", mail === null, `night ${night + 1}`);
      if (mail !== null) {
        await until("the mail is sent", async () => (await service.get<ImportEntry>(`/imports/${id}`)).mail === "sent");
        sent++;
        const received = service.smtp.mails.at(-1)!;
        assert.equal(received.subject, `rosterd: roster.csv: ${mail}`, `night ${night + 1}`);
        assert.match(received.text!, text);
        assert.match(received.html as string, /<h2>What to do next<\/h2>/);
      }
      assert.equal(service.smtp.mails.length, sent);
      ahead += DAY_MS;
    }
  },
});
