/**
 * Sends one email with nodemailer, over a new connection. Attachments cannot open files or URLs. This module neither
 * retries nor logs.
 */
import { Buffer } from "node:buffer";
import nodemailer from "nodemailer";
import { EMAIL_ADDRESS } from "../domain/setting_values.ts";
import type { Settings } from "../domain/settings.ts";
import { isAboutCertificate, trustedAuthorities } from "../runtime/certificates.ts";
import { codeOf } from "../runtime/errors.ts";
import { MailError, originalCodeOf, toMailError } from "./mail_error.ts";
import { refusedCertificate } from "./refused_certificate.ts";

/** The whole file, in memory. {@link packAttachment} limits its size. */
export interface Attachment {
  filename: string;
  contentType: string;
  content: Uint8Array;
}

/** Addresses have no display name. The subject and file names are one line each. */
export interface Message {
  /** The Message-ID, including its angle brackets. Every attempt has the same Message-ID. */
  messageId: string;
  date: Date;
  /** The sender, who also receives replies. */
  from: string;
  to: readonly string[];
  subject: string;
  text: string;
  /** The content of `text` as HTML. */
  html: string;
  attachments: readonly Attachment[];
}

export interface Sent {
  /** The number of recipients that the server refused although it accepted the email for others. */
  refused: number;
}

/** Sends a message. Throws {@link MailError}, or the signal's abort reason if it is aborted. */
export type Transport = (smtp: Settings["smtp"], message: Message, signal: AbortSignal) => Promise<Sent>;

/** All timeouts are in milliseconds. */
export interface Timeouts {
  dns: number;
  connection: number;
  greeting: number;
  /** How long the server may be silent after its greeting. */
  socket: number;
  /** The limit for the whole attempt, even while data is flowing. */
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
  /** The password from `ROSTERD_SMTP_PASSWORD`, which overrides the one in the settings. */
  password?: string;
  /** Certificates in PEM format to trust instead of those named in the settings. */
  ca?: string;
  timeouts?: Timeouts;
}

export function createTransport(options: TransportOptions = {}): Transport {
  return async (smtp, message, signal) => {
    refuseUnsafe(message);
    return await withMailer(smtp, options, signal, async (mailer, limited) => {
      const { rejected } = await mailer.sendMail({ ...nodemailerMessage(message), signal: limited });
      return { refused: rejected.length };
    });
  };
}

/** Connects and logs in but sends no email. The signal is checked only at the start. Throws {@link MailError}. */
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
  return new MailError("temporary", "the mail server took too long to accept the message (ETIMEDOUT)", details);
}

/** The file is read for each email, so that a replaced file takes effect at once. */
function authoritiesOf({ ca_file }: Settings["smtp"], { ca }: TransportOptions): string[] {
  if (ca !== undefined) return [ca];
  try {
    return trustedAuthorities(ca_file === "" ? null : ca_file);
  } catch (error) {
    const code = codeOf(error);
    if (code === "") throw error;
    const details = { code: "ECAFILE", aboutThisMail: false };
    throw new MailError("temporary", `the file in smtp.ca_file cannot be read (${code})`, details);
  }
}

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
    // The server has already replied to the email, so its reply to QUIT does not matter.
    socketCloseTimeout: 0,
  });
}

function nodemailerMessage({ messageId, date, from, to, subject, text, html, attachments }: Message) {
  return {
    messageId,
    date,
    from: { name: "rosterd", address: from },
    replyTo: { name: "", address: from },
    to: to.map((address) => ({ name: "", address })),
    subject,
    text,
    html,
    // This header prevents out-of-office replies (RFC 3834).
    headers: { "Auto-Submitted": "auto-generated" },
    attachments: attachments.map(({ filename, contentType, content }) => ({
      filename,
      contentType,
      content: Buffer.from(content.buffer, content.byteOffset, content.byteLength),
    })),
  };
}

/** Refuses header injection. Callers have made names printable, so this is the last line of defense. */
function refuseUnsafe({ messageId, from, to, subject, attachments }: Message): void {
  const addressesValid = to.length > 0 && [from, ...to].every((address) => EMAIL_ADDRESS.test(address));
  const lines = [messageId, subject, ...attachments.map(({ filename }) => filename)];
  // deno-lint-ignore no-control-regex
  const linesValid = lines.every((line) => !/[\u0000-\u001f\u007f]/.test(line));
  if (addressesValid && linesValid) return;
  const what = addressesValid ? "a header with a control character" : "an invalid address";
  throw new MailError("permanent", `the message has ${what}`, { code: "EENVELOPE", aboutThisMail: true });
}
