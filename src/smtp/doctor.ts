/** What `rosterd doctor` asks of the mail server: connects, protects the connection and logs in, and sends nothing. */
import { bad, type Finding, good, warning } from "../domain/finding.ts";
import { addressList, type Settings } from "../domain/settings.ts";
import { MailError } from "./mail_error.ts";
import { checkLogin, type Timeouts, type TransportOptions } from "./transport.ts";

/** A person waits for the answer. */
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
    return bad("mail", `${server}: ${error.message}`, mendOf(error));
  }
  if (absent.length > 0) return notSetUp(absent);
  return good("mail", smtp.user === "" ? `${server} answers; it is used without a login` : `${server} took the login`);
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
    "mail is not set up: nobody hears of failed records",
    `Run: rosterd settings set ${assignments}`,
  );
}

const FIXES: Readonly<Record<string, string>> = {
  EDNS: "Check smtp.host: its name must be known on this machine.",
  ETIMEDOUT: "Check smtp.host and smtp.port, and whether a firewall stands in between.",
  ECONNECTION: "Check smtp.host, smtp.port and smtp.security, and whether a firewall stands in between.",
  ESOCKET: "Check smtp.host, smtp.port and smtp.security, and whether the server runs.",
  ETLS: "Check smtp.security, and that this machine trusts the certificate of the server.",
  ECERTIFICATE:
    "Let smtp.ca_file name the certificate of its authority, or smtp.host the name that it is for; or have it renewed.",
  ECAFILE: "Let smtp.ca_file name a file with certificates in PEM that the user of rosterd may read, or empty it.",
  EPROTOCOL: "Check smtp.port and smtp.security: what answers there is no mail server.",
};

function mendOf({ kind, details }: MailError): string {
  if (kind === "auth") return "Set smtp.user and smtp.password (or ROSTERD_SMTP_PASSWORD) to what the server wants.";
  return FIXES[details.code] ?? "Look into the log of the mail server, and try again later.";
}
