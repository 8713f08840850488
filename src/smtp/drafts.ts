/** Turns waiting emails into a message: looks up the import, packs its files, and chooses text and recipients. */
import type { WaitingMail } from "../domain/mail.ts";
import { addressList } from "../domain/setting_values.ts";
import type { Settings } from "../domain/settings.ts";
import { settingsOf } from "../domain/feed_settings.ts";
import type { ImportEntry } from "../importer/ports.ts";
import { codeOrThrow } from "../runtime/errors.ts";
import { type Log, printable } from "../runtime/log.ts";
import { type AttachmentSource, packAttachment } from "./attachment.ts";
import { composeDigest, type DigestItem, MAX_DIGEST_ITEMS } from "./digest.ts";
import { composeDecided } from "./decided_mail.ts";
import type { FileNote } from "./file_words.ts";
import { html } from "./html.ts";
import type { MailDetails } from "./mailed_import.ts";
import { composeImport, type Words } from "./message.ts";
import { lead, type Part, text } from "./part.ts";
import { plainText } from "./plain_text.ts";
import { shown } from "./text.ts";
import type { Attachment, Message } from "./transport.ts";

export interface MailSources {
  /** The result is null if the import is no longer in the history. */
  findImport(id: number): Promise<ImportEntry | null>;
  /** The failures of an import, grouped, and what is on hold. */
  loadDetails(entry: ImportEntry): Promise<MailDetails>;
  /** The failed-records file in `bak`; null if no records failed. */
  failedFile(entry: ImportEntry): Promise<AttachmentSource | null>;
  /** The list of held users; null if no users are held. `read` throws database errors, which delay the email. */
  heldFile(entry: ImportEntry): Promise<AttachmentSource | null>;
  /**
   * The list of changes that a trial would have made; null if the import was not a trial. `read` throws database
   * errors, which delay the email.
   */
  changesFile(entry: ImportEntry): Promise<AttachmentSource | null>;
}

export type Files = "with_files" | "without_files";

/** `feeds`: the feeds that the email is about. */
type Drafted = Words & Pick<Message, "attachments"> & { feeds: readonly string[] };

interface PackedFile {
  note: FileNote | null;
  attachment: Attachment | null;
}

export class Drafts {
  constructor(private readonly sources: MailSources, private readonly log: Log) {}

  /** Returns one email, or one digest for several emails; null if the import is no longer in the history. */
  async draft(mails: readonly WaitingMail[], settings: Settings, files: Files): Promise<Message | null> {
    const drafted = mails.length === 1 ? await this.#single(mails[0], settings, files) : await this.#digest(mails);
    if (drafted === null) return null;
    const { feeds, subject, parts, attachments } = drafted;
    return {
      messageId: mails[0].digest ?? mails[0].messageId,
      // The date is not the time of this attempt, because all copies with the same Message-ID must be identical.
      date: mails[0].createdAt,
      from: settings.reply_to_admin_email,
      to: recipients(mails, settings, feeds),
      ...{ subject, attachments },
      text: plainText(parts),
      html: html(subject, parts),
    };
  }

  async #single(mail: WaitingMail, { public_url }: Settings, files: Files): Promise<Drafted | null> {
    if (mail.kind === "alert") {
      const { subject, text, feed = "" } = mail.alert;
      return { subject: shown(subject, 500), parts: alertParts(text), attachments: [], feeds: [feed] };
    }
    const entry = await this.sources.findImport(mail.importId);
    if (entry === null) return null;
    const feeds = [entry.feed];
    if (mail.kind === "decided") {
      return { ...composeDecided(mail.decision, entry, public_url), attachments: [], feeds };
    }
    const details = await this.sources.loadDetails(entry);
    const failed = await this.#packStored(await this.sources.failedFile(entry), mail, files);
    const held = await this.#pack(await this.sources.heldFile(entry), files);
    const changes = await this.#pack(await this.sources.changesFile(entry), files);
    const notes = { failed: failed.note, held: held.note, changes: changes.note };
    const words = composeImport(mail.kind, { entry, ...details }, notes, public_url);
    return { ...words, feeds, attachments: [failed, held, changes].flatMap(({ attachment }) => attachment ?? []) };
  }

  async #digest(mails: readonly WaitingMail[]): Promise<Drafted> {
    const items: DigestItem[] = [];
    for (const mail of mails.slice(0, MAX_DIGEST_ITEMS)) {
      const item = await this.#digestItem(mail);
      if (item !== null) items.push(item);
    }
    const feeds = items.map((item) => item.kind === "alert" ? item.feed : item.entry.feed);
    return { ...composeDigest(items, mails.length), attachments: [], feeds };
  }

  async #digestItem(mail: WaitingMail): Promise<DigestItem | null> {
    if (mail.kind === "alert") return { kind: "alert", subject: mail.alert.subject, feed: mail.alert.feed ?? "" };
    const entry = await this.sources.findImport(mail.importId);
    if (entry === null) return null;
    if (mail.kind === "decided") return { kind: mail.kind, entry, what: mail.decision.what };
    const file = await this.sources.failedFile(entry);
    // Only a reminder lists the failures from earlier files.
    const isReminder = mail.kind === "failures" && entry.failed === 0;
    const { earlier } = isReminder ? await this.sources.loadDetails(entry) : { earlier: [] };
    return { kind: mail.kind, entry, earlier, failedFile: file?.name ?? null };
  }

  /** An unreadable file does not delay the email. Instead, the text says that the file could not be read. */
  async #packStored(source: AttachmentSource | null, mail: WaitingMail, files: Files): Promise<PackedFile> {
    try {
      return await this.#pack(source, files);
    } catch (error) {
      if (source === null) throw error;
      this.log.warn("mail.file_unreadable", { mail: mail.id, file: source.name, code: codeOrThrow(error) });
      return { note: { name: source.name, fate: "unreadable" }, attachment: null };
    }
  }

  async #pack(source: AttachmentSource | null, files: Files): Promise<PackedFile> {
    if (source === null) return { note: null, attachment: null };
    const { name } = source;
    if (files === "without_files") return { note: { name, fate: "refused" }, attachment: null };
    const attachment = await packAttachment(source);
    if (attachment === null) return { note: { name, fate: "too_large" }, attachment };
    const filename = shown(attachment.filename, 255);
    const fate = attachment.filename === name ? "attached" : "gzipped";
    return { note: { name, fate }, attachment: { ...attachment, filename } };
  }
}

/** The first paragraph of an alert describes the problem. */
function alertParts(alert: string): Part[] {
  const [first, ...others] = alert.trimEnd().split("\n\n").map((text) => text.split("\n").map(printable).join("\n"));
  return [lead("decide", first), ...others.map(text)];
}

/** Emails with a decision or information for the admin. */
const FOR_ADMINS: ReadonlySet<WaitingMail["kind"]> = new Set<WaitingMail["kind"]>(["alert", "held", "decided"]);

/** If an email has no other recipient, it goes to the admin. No address receives the same email twice. */
function recipients(mails: readonly WaitingMail[], settings: Settings, feeds: readonly string[]): string[] {
  const clerks = feeds.flatMap((feed) => addressList(settingsOf(settings, feed).failed_import_email));
  const toAdmin = clerks.length === 0 || mails.some(({ kind }) => FOR_ADMINS.has(kind));
  return [...new Set([...clerks, ...(toAdmin ? [settings.reply_to_admin_email] : [])])];
}
