/**
 * Loads the trusted certificate authorities for TLS and explains why a certificate is not trusted. Connections to the
 * database and the mail server use this module.
 */
import * as tls from "node:tls";
import type { PeerCertificate, TLSSocket } from "node:tls";
import { codeOf } from "./errors.ts";
import { printable } from "./log.ts";

/**
 * The authorities in a PEM file. If no file is given, uses this machine's authorities and those in the file named by
 * `DENO_CERT`. If the machine has no authorities, uses the ones built into Deno. Throws file system errors.
 */
export function trustedAuthorities(file: string | null): string[] {
  if (file !== null) return [Deno.readTextFileSync(file)];
  // Deno 2.6 lacks this function, and rosterd can also be compiled with that version.
  const ofMachine = "getCACertificates" in tls ? tls.getCACertificates("system") : [];
  const extra = Deno.env.get("DENO_CERT");
  const more = extra === undefined ? [] : [Deno.readTextFileSync(extra)];
  return [...(ofMachine.length > 0 ? ofMachine : tls.rootCertificates), ...more];
}

const REASONS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: "it has expired",
  CERT_NOT_YET_VALID: "it is not valid yet",
  CERT_SIGNATURE_FAILURE: "its signature is wrong",
  CERT_REVOKED: "it was revoked",
  DEPTH_ZERO_SELF_SIGNED_CERT: "it is self-signed and not trusted",
  SELF_SIGNED_CERT_IN_CHAIN: "its issuer is not trusted",
  UNABLE_TO_GET_ISSUER_CERT: "its issuer is not trusted",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "its issuer is not trusted",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "its issuer is not trusted",
  INVALID_PURPOSE: "it was not issued for servers",
  ERR_TLS_CERT_ALTNAME_INVALID: "it was issued for another name",
};

/** Whether an error code indicates a problem with the certificate rather than the connection. */
export function isAboutCertificate(code: string): boolean {
  return code in REASONS;
}

/**
 * The reason why a certificate is not trusted, followed by its names and dates; null if it is trusted.
 */
export function distrust(socket: TLSSocket): string | null {
  if (socket.authorized) return null;
  const error: unknown = socket.authorizationError;
  const code = typeof error === "string" ? error : codeOf(error);
  return `${REASONS[code] ?? code}: ${describeCertificate(socket.getPeerCertificate())}`;
}

function describeCertificate({ subject, issuer, subjectaltname, valid_from, valid_to }: PeerCertificate): string {
  const names = subjectaltname === undefined || subjectaltname === "" ? "" : ` (${printable(subjectaltname)})`;
  return `subject ${nameWords(subject)}${names}, issuer ${nameWords(issuer)}, ` +
    `valid from ${day(valid_from)} to ${day(valid_to)}`;
}

function nameWords(name: object | undefined): string {
  const parts = Object.entries(name ?? {}).map(([key, value]) => `${key}=${String(value)}`);
  return parts.length === 0 ? "without a name" : printable(parts.join(", "));
}

function day(text: string): string {
  const time = new Date(text);
  return Number.isNaN(time.getTime()) ? printable(text) : time.toISOString().slice(0, 10);
}
