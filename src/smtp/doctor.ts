/** Checks the mail server for `rosterd doctor`: connects, starts TLS and logs in. Sends no email. */
import { bad, type Finding, good, warning } from "../domain/finding.ts";
import { addressList } from "../domain/setting_values.ts";
import type { Settings } from "../domain/settings.ts";
import { MailError } from "./mail_error.ts";
import { checkLogin, type Timeouts, type TransportOptions } from "./transport.ts";

/** The timeout is short, because an admin is waiting for the result. */
const TIMEOUTS: Timeouts = { dns: 10_000, connection: 10_000, greeting: 10_000, socket: 15_000, total: 30_000 };

export async function checkMail(
  settings: Settings,
  options: TransportOptions,
  signal: AbortSignal,
): Promise<Finding> {
  const { smtp } = settings;
  const absent = absentSettings(settings);
  if (smtp.host === "") return notSetUp(absent);
  const server = `${smtp.host}:${smtp.port}`;
  try {
    await checkLogin(smtp, { timeouts: TIMEOUTS, ...options }, signal);
  } catch (error) {
    if (!(error instanceof MailError)) throw error;
    return bad("mail", `${server}: ${error.message}`, fixFor(error));
  }
  if (absent.length > 0) return notSetUp(absent);
  return good("mail", smtp.user === "" ? `${server} answers; no login is configured` : `${server} accepted the login`);
}

function absentSettings({ smtp, reply_to_admin_email, failed_import_email }: Settings): string[] {
  return [
    ...(smtp.host === "" ? ["smtp.host"] : []),
    ...(reply_to_admin_email === "" ? ["reply_to_admin_email"] : []),
    ...(addressList(failed_import_email).length === 0 ? ["failed_import_email"] : []),
  ];
}

function notSetUp(absent: readonly string[]): Finding {
  const assignments = absent.map((key) => `${key}=…`).join(" ");
  return warning(
    "mail",
    "mail is not set up: no emails are sent about failed records",
    `Run: rosterd settings set ${assignments}`,
  );
}

const FIXES: Readonly<Record<string, string>> = {
  EDNS: "Check smtp.host: this machine cannot resolve the name.",
  ETIMEDOUT: "Check smtp.host and smtp.port, and whether a firewall blocks the connection.",
  ECONNECTION: "Check smtp.host, smtp.port and smtp.security, and whether a firewall blocks the connection.",
  ESOCKET: "Check smtp.host, smtp.port and smtp.security, and that the server is running.",
  ETLS: "Check smtp.security, and that this machine trusts the server's certificate.",
  ECERTIFICATE:
    "Set smtp.ca_file to the certificate of the issuer, set smtp.host to the name in the certificate, or renew it.",
  ECAFILE: "Set smtp.ca_file to a PEM file that rosterd's user can read, or leave it empty.",
  EPROTOCOL: "Check smtp.port and smtp.security: the server that answers is not a mail server.",
};

function fixFor({ kind, details }: MailError): string {
  if (kind === "auth") {
    return "Set smtp.user and smtp.password (or ROSTERD_SMTP_PASSWORD) to a login that the server accepts.";
  }
  return FIXES[details.code] ?? "Check the mail server's log, and try again later.";
}
