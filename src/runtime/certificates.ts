/** Whom to trust in TLS, and what to tell of a certificate that is not trusted. Used for the database and for mail. */
import * as tls from "node:tls";
import type { PeerCertificate, TLSSocket } from "node:tls";
import { codeOf } from "./errors.ts";
import { printable } from "./log.ts";

/**
 * The certificates of the authorities in a PEM file; without a file those of this machine, or, where it has none, those that are
 * built in. `DENO_CERT` adds one. Throws the error of the file system.
 */
export function trustedAuthorities(file: string | null): string[] {
  if (file !== null) return [Deno.readTextFileSync(file)];
  // Binaries are also compiled with Deno 2.6, which cannot list them.
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
  DEPTH_ZERO_SELF_SIGNED_CERT: "it is signed by itself, and is not trusted here",
  SELF_SIGNED_CERT_IN_CHAIN: "its authority is not trusted here",
  UNABLE_TO_GET_ISSUER_CERT: "its authority is not trusted here",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "its authority is not trusted here",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "its authority is not trusted here",
  INVALID_PURPOSE: "it is not meant for servers",
  ERR_TLS_CERT_ALTNAME_INVALID: "it is for another name",
};

/** Whether a code says that the certificate was refused, as opposed to a connection that broke. */
export function isAboutCertificate(code: string): boolean {
  return code in REASONS;
}

/** Why the certificate of a connection is not trusted, which one it is, and its dates; null when it is. */
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
