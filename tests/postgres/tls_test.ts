/** With a real server, each `sslmode` works as in libpq, and the error message names a refused certificate. */
import assert from "node:assert/strict";
import { copyFile } from "node:fs/promises";
import { connectServer } from "../../src/postgres/connection/connect.ts";
import { explainDatabaseError, explainFully } from "../../src/postgres/connection/errors.ts";
import { Authority } from "../support/certificates.ts";
import { Cluster, clusterIsMissing, leftOut, runPlain } from "../support/cluster.ts";
import { missingPrograms } from "../support/programs.ts";

const ignore = leftOut("tls_test.ts", clusterIsMissing() ?? missingPrograms("openssl"));

/** Turns on TLS with a certificate issued by the authority. */
async function useCertificate(cluster: Cluster, authority: Authority, names: string, days?: number): Promise<void> {
  const { certificate, key } = await authority.issue(names, days);
  for (const [from, to] of [[certificate, "server.crt"], [key, "server.key"]]) {
    await copyFile(from, `${cluster.data}/${to}`);
    await Deno.chmod(`${cluster.data}/${to}`, 0o600);
    if (Deno.uid() === 0) await runPlain("chown", "postgres:", `${cluster.data}/${to}`);
  }
  await cluster.configure("ssl = on");
  await cluster.stop("fast");
  await cluster.start();
}

/**
 * Returns whether the connection is encrypted. If the connection fails, returns the public explanation and the logged
 * one.
 */
async function connects(cluster: Cluster, host: string, query: string): Promise<boolean | [string, string]> {
  const database = connectServer(`postgres://postgres@${host}:${cluster.port}/postgres?${query}`);
  try {
    const [{ ssl }] = await database.sql`select ssl from pg_stat_ssl where pid = pg_backend_pid()`;
    return ssl;
  } catch (error) {
    return [explainDatabaseError(error), explainFully(error)];
  } finally {
    await database.close();
  }
}

Deno.test({
  name: "sslmode and sslrootcert work as in libpq, and a refused certificate is named with the reason",
  ignore,
  async fn(t) {
    await using authority = await Authority.make("Campus CA");
    await using stranger = await Authority.make("Another CA");
    await using cluster = await Cluster.start();
    const root = `sslrootcert=${encodeURIComponent(authority.certificate)}`;
    const cases = async (expected: readonly (readonly [host: string, query: string, result: boolean | RegExp])[]) => {
      for (const [host, query, result] of expected) {
        await t.step(`${host}?${query.replace(/=%2F.*/, "=FILE")}`, async () => {
          const found = await connects(cluster, host, query);
          if (typeof result === "boolean") return assert.equal(found, result);
          assert.ok(typeof found !== "boolean", "it is refused");
          assert.match(found[1], result);
          assert.doesNotMatch(found[0], /subject|CN=|crt/);
        });
      }
    };

    await cases([
      ["localhost", "sslmode=disable", false],
      ["localhost", "sslmode=prefer", false],
      ["localhost", "sslmode=require", /the server does not offer TLS/],
    ]);
    await useCertificate(cluster, authority, "DNS:localhost");
    await cases([
      ["localhost", "sslmode=disable", false],
      ["localhost", "sslmode=prefer", true],
      ["localhost", "sslmode=require", true],
      [
        "localhost",
        "sslmode=verify-full",
        /refused: its issuer is not trusted: subject CN=server \(DNS:localhost\), issuer .*CN=Campus CA.*, valid from \d{4}-\d\d-\d\d to \d{4}-\d\d-\d\d/,
      ],
      ["localhost", `sslmode=verify-full&${root}`, true],
      ["localhost", `sslmode=require&${root}`, true],
      ["localhost", `sslmode=verify-full&sslrootcert=system`, /its issuer is not trusted/],
      ["localhost", "sslmode=verify-full&sslrootcert=/nowhere.crt", /sslrootcert cannot be read \(ENOENT\)/],
      [
        "localhost",
        `sslmode=require&sslrootcert=${encodeURIComponent(stranger.certificate)}`,
        /its issuer is not trusted/,
      ],
      ["127.0.0.1", `sslmode=verify-full&${root}`, /it was issued for another name: subject CN=server/],
      ["127.0.0.1", `sslmode=verify-ca&${root}`, true],
    ]);
    await useCertificate(cluster, authority, "DNS:localhost", -1);
    await cases([
      ["localhost", `sslmode=verify-full&${root}`, /it has expired: .*valid from/],
      ["localhost", "sslmode=require", true],
    ]);
  },
});
