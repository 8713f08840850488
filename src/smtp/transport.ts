/**
 * Sends one mail to the mail server of the settings, over nodemailer: a new connection for each mail, closed after.
 *
 * It must not open files or addresses of the web, keep anything, log, or repeat a try: that is the outbox's part.
 * The outbox, the test mail and `doctor.ts` use it.
 */
import { Buffer } from "node:buffer";
import nodemailer from "nodemailer";
import { EMAIL_ADDRESS, type Settings } from "../domain/settings.ts";
import { isAboutCertificate, trustedAuthorities } from "../runtime/certificates.ts";
import { codeOf } from "../runtime/errors.ts";
import { MailError, originalCodeOf, toMailError } from "./mail_error.ts";
import { refusedCertificate } from "./refused_certificate.ts";

/** A file of a mail, whole in memory; {@link packAttachment} bounds its size. */
export interface Attachment {
  filename: string;
  contentType: string;
  content: Uint8Array;
}

/** One mail, ready to go. Addresses are bare; subject and file names are one line each. */
export interface Message {
  /** With its angle brackets; the same on every try. */
  messageId: string;
  date: Date;
  /** Sender, and where replies go. */
  from: string;
  to: readonly string[];
  subject: string;
  text: string;
  attachments: readonly Attachment[];
}

/** What became of a mail that the server took. */
export interface Sent {
  /** How many of the receivers the server refused while it took the mail for the others. */
  refused: number;
}

/** Sends a mail. Throws {@link MailError}, or the signal's reason when it was aborted. */
export type Transport = (smtp: Settings["smtp"], message: Message, signal: AbortSignal) => Promise<Sent>;

/** All in milliseconds. */
export interface Timeouts {
  dns: number;
  connection: number;
  greeting: number;
  /** Longest silence of the server at any later point. */
  socket: number;
  /** The whole try, however busy. */
  total: number;
}

export const TIMEOUTS: Timeouts = {
  dns: 15_000,
  connection: 30_000,
  greeting: 30_000,
  socket: 60_000,
  total: 600_000,
};

export interface TransportOptions {
  /** Wins over the password of the settings (`ROSTERD_SMTP_PASSWORD`). */
  password?: string;
  /** Certificates to trust instead of those that the settings name, in PEM. */
  ca?: string;
  timeouts?: Timeouts;
}

/** Makes a {@link Transport}; it holds no connection. */
export function createTransport(options: TransportOptions = {}): Transport {
  return async (smtp, message, signal) => {
    refuseUnsafe(message);
    const { refused } = await withMailer(smtp, options, signal, async (mailer, limited) => {
      const { rejected } = await mailer.sendMail({ ...nodemailerMessage(message), signal: limited });
      return { refused: rejected.length };
    });
    return { refused };
  };
}

/**
 * Connects, protects the connection and logs in as for a mail, but sends none. Throws {@link MailError}.
 * It ends by its own timeouts; the signal only keeps it from beginning.
 */
export async function checkLogin(
  smtp: Settings["smtp"],
  options: TransportOptions,
  signal: AbortSignal,
): Promise<void> {
  await withMailer(smtp, options, signal, (mailer) => mailer.verify());
}

type Mailer = ReturnType<typeof openMailer>;

async function withMailer<T>(
  smtp: Settings["smtp"],
  options: TransportOptions,
  signal: AbortSignal,
  use: (mailer: Mailer, limited: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const timeouts = options.timeouts ?? TIMEOUTS;
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(tookTooLong()), timeouts.total);
  const authorities = smtp.security === "none" ? [] : authoritiesOf(smtp, options);
  const mailer = openMailer(smtp, options, timeouts, authorities);
  try {
    return await use(mailer, AbortSignal.any([signal, limit.signal]));
  } catch (error) {
    signal.throwIfAborted();
    limit.signal.throwIfAborted();
    const failure = toMailError(error);
    if (!isAboutCertificate(originalCodeOf(error))) throw failure;
    const why = await refusedCertificate(serverOf(smtp, timeouts), authorities);
    throw why === null ? failure : new MailError("temporary", why, { ...failure.details, code: "ECERTIFICATE" });
  } finally {
    clearTimeout(timer);
    mailer.close();
  }
}

function tookTooLong(): MailError {
  const details = { code: "ETIMEDOUT", aboutThisMail: true };
  return new MailError("temporary", "the mail server took too long to take the mail (ETIMEDOUT)", details);
}

/** Read for each mail, so that a file that was replaced holds at once. */
function authoritiesOf({ ca_file }: Settings["smtp"], { ca }: TransportOptions): string[] {
  if (ca !== undefined) return [ca];
  try {
    return trustedAuthorities(ca_file === "" ? null : ca_file);
  } catch (error) {
    const code = codeOf(error);
    if (code === "") throw error;
    const details = { code: "ECAFILE", aboutThisMail: false };
    throw new MailError("temporary", `the file of smtp.ca_file cannot be read (${code})`, details);
  }
}

/** Where the server is, and how the connection to it begins. */
function serverOf(smtp: Settings["smtp"], timeouts: Timeouts) {
  return {
    host: smtp.host,
    port: smtp.port,
    secure: smtp.security === "tls",
    requireTLS: smtp.security === "starttls",
    ignoreTLS: smtp.security === "none",
    dnsTimeout: timeouts.dns,
    connectionTimeout: timeouts.connection,
    greetingTimeout: timeouts.greeting,
    socketTimeout: timeouts.socket,
  };
}

function openMailer(
  smtp: Settings["smtp"],
  { password }: TransportOptions,
  timeouts: Timeouts,
  authorities: readonly string[],
) {
  return nodemailer.createTransport({
    ...serverOf(smtp, timeouts),
    tls: { rejectUnauthorized: true, minVersion: "TLSv1.2", ca: [...authorities] },
    auth: smtp.user === "" ? undefined : { user: smtp.user, pass: password ?? smtp.password },
    pool: false,
    disableFileAccess: true,
    disableUrlAccess: true,
    // The answer to the mail is in: nothing is gained by waiting for the server's goodbye.
    socketCloseTimeout: 0,
  });
}

function nodemailerMessage({ messageId, date, from, to, subject, text, attachments }: Message) {
  return {
    messageId,
    date,
    from: { name: "rosterd", address: from },
    replyTo: { name: "", address: from },
    to: to.map((address) => ({ name: "", address })),
    subject,
    text,
    // RFC 3834: no holiday notes in answer to a program.
    headers: { "Auto-Submitted": "auto-generated" },
    attachments: attachments.map(({ filename, contentType, content }) => ({
      filename,
      contentType,
      content: Buffer.from(content.buffer, content.byteOffset, content.byteLength),
    })),
  };
}

/** The last line of defence against a header that somebody else wrote; callers make names printable before. */
function refuseUnsafe({ messageId, from, to, subject, attachments }: Message): void {
  const addressesHold = to.length > 0 && [from, ...to].every((address) => EMAIL_ADDRESS.test(address));
  const lines = [messageId, subject, ...attachments.map(({ filename }) => filename)];
  // deno-lint-ignore no-control-regex
  const linesHold = lines.every((line) => !/[\u0000-\u001f\u007f]/.test(line));
  if (addressesHold && linesHold) return;
  const what = addressesHold ? "a header with a control character" : "an address that is not valid";
  throw new MailError("permanent", `the mail has ${what}`, { code: "EENVELOPE", aboutThisMail: true });
}
