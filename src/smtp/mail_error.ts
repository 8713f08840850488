/** Classifies mail errors by code. A mail server's response may contain addresses, so it must not be logged. */
import { codeOf } from "../runtime/errors.ts";

/**
 * - `temporary`: no connection, no valid response, or a 4xx response. Retry later.
 * - `too_big`: the server refuses the email because of its size. Retry without the attachments.
 * - `permanent`: any other 5xx response to the email itself. The server would refuse the same email again.
 * - `auth`: the server refuses the login. No emails are sent until an admin fixes the settings.
 */
export type MailErrorKind = "temporary" | "too_big" | "permanent" | "auth";

export interface MailErrorDetails {
  /** The code from nodemailer, such as `ETIMEDOUT`, `EAUTH` or `EENVELOPE`. */
  code: string;
  responseCode?: number;
  /** Whether the failure is about this email. Failures before the email itself would also affect every other email. */
  aboutThisMail: boolean;
}

export class MailError extends Error {
  override readonly name = "MailError";
  constructor(readonly kind: MailErrorKind, message: string, readonly details: MailErrorDetails) {
    super(message);
  }
}

interface TransportFailure {
  code: string;
  responseCode?: number;
  response?: string;
  command?: string;
  originalCode?: string;
}

/** Converts a nodemailer error. Rethrows an error without a code, because that is a bug. */
export function toMailError(error: unknown): MailError {
  if (!isTransportFailure(error)) throw error;
  const kind = kindOf(error);
  const details = { code: error.code, responseCode: error.responseCode, aboutThisMail: isAboutMail(error) };
  return new MailError(kind, `${describe(kind, error.code)} (${codesOf(error)})`, details);
}

/** The system's error code behind nodemailer's own; an empty string if there was no system error. */
export function originalCodeOf(error: unknown): string {
  return isTransportFailure(error) ? error.originalCode ?? "" : "";
}

function isTransportFailure(error: unknown): error is Error & TransportFailure {
  return error instanceof Error && codeOf(error) !== "";
}

/**
 * Returns true for responses to MAIL, RCPT and DATA. Earlier responses (greeting, STARTTLS) are not about the email.
 */
function isAboutMail({ code }: TransportFailure): boolean {
  return code === "EENVELOPE" || code === "EMESSAGE";
}

/** Responses that ask for a login or reject the given login (RFC 4954, section 6). */
const LOGIN_WANTED: ReadonlySet<number> = new Set([530, 534, 535, 538]);

/** These responses are about the session rather than the email (RFC 5321, section 4.2.3). */
const OUT_OF_SEQUENCE = 503;

function kindOf(failure: TransportFailure): MailErrorKind {
  const { code, responseCode } = failure;
  const refused = responseCode === undefined || responseCode >= 500;
  if (code === "EAUTH" || code === "ENOAUTH") return refused ? "auth" : "temporary";
  if (!isAboutMail(failure) || !refused) return "temporary";
  if (responseCode === undefined) return "permanent";
  if (LOGIN_WANTED.has(responseCode)) return "auth";
  if (responseCode === OUT_OF_SEQUENCE) return "temporary";
  return refusesSize(failure, responseCode) ? "too_big" : "permanent";
}

/**
 * Codes for an email that is too large: 552 (RFC 5321), 5.2.3 and 5.3.4 (RFC 3463), and 523, which some servers use.
 */
function refusesSize(failure: TransportFailure, responseCode: number): boolean {
  const enhanced = enhancedCode(failure);
  return responseCode === 552 || responseCode === 523 || enhanced === "5.2.3" || enhanced === "5.3.4";
}

/** The enhanced status code (RFC 2034), which follows the reply code. */
function enhancedCode({ response }: TransportFailure): string | undefined {
  return /^\d{3}[ -]([245]\.\d{1,3}\.\d{1,3})(?: |$)/.exec(response ?? "")?.[1];
}

function codesOf(failure: TransportFailure): string {
  const { code, responseCode, command, originalCode } = failure;
  return [responseCode, enhancedCode(failure), code, originalCode, command && `at ${command}`]
    .filter((part) => part !== undefined && part !== "").join(" ");
}

const DESCRIPTIONS: Readonly<Record<string, string>> = {
  EDNS: "the name of the mail server cannot be resolved",
  ETIMEDOUT: "the mail server did not answer in time",
  ECONNECTION: "the mail server closed the connection",
  ESOCKET: "the connection to the mail server failed",
  ETLS: "the connection to the mail server could not be secured with TLS",
  EPROTOCOL: "the server that answered is not a working mail server",
};

function describe(kind: MailErrorKind, code: string): string {
  if (kind === "auth") return "the mail server refused the login";
  if (kind === "too_big") return "the mail server refused the message because of its size";
  if (kind === "permanent") return "the mail server refused the message";
  return DESCRIPTIONS[code] ?? "the mail server temporarily refused the message";
}
