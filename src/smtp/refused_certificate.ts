/**
 * Fetches a refused certificate to describe it, because nodemailer reports only a code. Sends neither credentials nor
 * email.
 */
import type { TLSSocket } from "node:tls";
import SMTPConnection from "nodemailer/lib/smtp-connection/index.js";
import { distrust } from "../runtime/certificates.ts";

/** Returns a description of the certificate; null if it cannot be fetched or is now trusted. */
export function refusedCertificate(
  server: SMTPConnection.Options,
  authorities: readonly string[],
): Promise<string | null> {
  const connection = new SMTPConnection({ ...server, tls: { rejectUnauthorized: false, ca: [...authorities] } });
  return new Promise((resolve) => {
    const end = (why: string | null) => {
      resolve(why === null ? null : `the mail server's certificate was refused: ${why}`);
      connection.close();
    };
    connection.once("error", () => end(null));
    connection.once("end", () => end(null));
    connection.connect(() => {
      const { _socket: socket } = connection as unknown as { _socket: TLSSocket };
      end(distrust(socket));
    });
  });
}
