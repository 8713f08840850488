/** Files that rosterd cannot import until they are changed cause only one email, even after a restart. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { serverUnavailable, testDatabase } from "../support/postgres.ts";
import { TestService } from "../support/service.ts";
import { until } from "../support/until.ts";

const unavailable = await serverUnavailable();
if (unavailable !== null) console.error(`LEFT OUT: the tests of ${import.meta.url}: ${unavailable}`);

Deno.test({
  name: "one email reports a workbook and unreadable files, and a restart does not repeat the email",
  ignore: unavailable !== null,
  async fn() {
    await using database = (await testDatabase())!;
    await using service = await TestService.start({ databaseUrl: database.url });
    // An email whose sending was interrupted by the restart is sent again.
    const settled = () =>
      until("the mail is marked as sent", async () => {
        const { count } = await database.sql`select from rosterd.outbox where sent_at is null`;
        return count === 0;
      });
    await service.drop("students.xlsx", "PK");
    await service.turn();
    const [first] = await service.smtp.received(1);
    assert.equal(first.subject, "rosterd: students.xlsx: not imported");
    assert.deepEqual(first.envelope.to, ["registry@example.edu", "admin@example.edu"]);
    assert.match(first.text!, /it is a workbook; save it as CSV \(in Excel: CSV UTF-8\), and upload that file\./);

    await settled();
    await service.restart();
    await service.drop("notes.docx", "");
    await Deno.symlink("/etc/hostname", join(service.upload, "link.csv"));
    await service.turn();
    const [, second] = await service.smtp.received(2);
    assert.equal(second.subject, "rosterd: 2 files not imported");
    assert.match(
      second.text!,
      /^- notes\.docx: its name must end in \.csv, .*\n- link\.csv: it is a link, which rosterd/m,
    );

    await settled();
    await service.restart();
    await service.drop("students.xlsx", "PK again");
    await Deno.utime(join(service.upload, "students.xlsx"), new Date(), new Date(Date.now() - 60_000));
    await service.turn();
    const mails = await service.smtp.received(3);
    assert.equal(mails[2].subject, "rosterd: students.xlsx: not imported", "a new file under the same name");
    await settled();
    assert.equal(service.smtp.mails.length, 3, "the other two files are not mailed again");
  },
});
