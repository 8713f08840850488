/** The two files attached to an email: the failed records from `bak`, and the held users from the database. */
import assert from "node:assert/strict";
import { noCounts } from "../../src/domain/outcome.ts";
import { DEFAULT_SETTINGS } from "../../src/domain/settings.ts";
import type { ImportEntry } from "../../src/importer/ports.ts";
import { silentLog } from "../../src/runtime/log.ts";
import type { AttachmentSource } from "../../src/smtp/attachment.ts";
import { Drafts } from "../../src/smtp/drafts.ts";
import type { WaitingMail } from "../../src/domain/mail.ts";

const MAIL: WaitingMail = {
  id: 1,
  messageId: "<1@example.edu>",
  digest: null,
  createdAt: new Date("2026-11-23T18:45:01Z"),
  tries: 0,
  kind: "held",
  importId: 12,
};

const ENTRY = {
  ...noCounts(),
  ...{
    id: 12,
    feed: "",
    file: "roster.csv",
    status: "held",
    reason: null,
    warnings: [],
    records: 900,
    held: 43,
    failed: 2,
  },
  started_at: "2026-11-23T18:45:00.000Z",
  hold: { state: "open", reason: "too many", ended_at: null },
  settings: DEFAULT_SETTINGS,
} as unknown as ImportEntry;

function source(name: string, content: string | Error): AttachmentSource {
  return {
    name,
    async *read() {
      if (content instanceof Error) throw content;
      yield new TextEncoder().encode(content);
    },
  };
}

function drafts(failed: AttachmentSource, held: AttachmentSource): Drafts {
  return new Drafts({
    findImport: () => Promise.resolve(ENTRY),
    loadDetails: () => Promise.resolve({ fresh: [], known: [], earlier: [], held: [], heldColumns: [] }),
    failedFile: () => Promise.resolve(failed),
    heldFile: () => Promise.resolve(held),
    changesFile: () => Promise.resolve(null),
  }, silentLog);
}

const gone = Object.assign(new Error("gone"), { code: "ENOENT" });

Deno.test("failed records and held users are attached to one email", async () => {
  const message = await drafts(source("x.T.failed.csv", "f"), source("x.T.held.csv", "h"))
    .draft([MAIL], DEFAULT_SETTINGS, "with_files");
  assert.deepEqual(message!.attachments.map(({ filename }) => filename), ["x.T.failed.csv", "x.T.held.csv"]);
  assert.equal(message!.subject, "rosterd: roster.csv: 43 archivals on hold");
});

Deno.test("failed records that cannot be read do not delay the mail about held users", async () => {
  const message = await drafts(source("x.T.failed.csv", gone), source("x.T.held.csv", "h"))
    .draft([MAIL], DEFAULT_SETTINGS, "with_files");
  assert.deepEqual(message!.attachments.map(({ filename }) => filename), ["x.T.held.csv"]);
  assert.match(message!.text, /the file could not be read for this email/);
});

Deno.test("the mail waits while the database cannot list the held users", async () => {
  const away = Object.assign(new Error("away"), { code: "CONNECTION_CLOSED" });
  const draft = drafts(source("x.T.failed.csv", "f"), source("x.T.held.csv", away))
    .draft([MAIL], DEFAULT_SETTINGS, "with_files");
  await assert.rejects(draft, away);
});
