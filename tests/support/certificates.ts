/** Uses openssl to create a certificate authority for one test and issues certificates. */
import { join } from "node:path";
import { run } from "./programs.ts";

export class Authority implements AsyncDisposable {
  private constructor(readonly folder: string) {}

  static async make(name: string): Promise<Authority> {
    const authority = new Authority(await Deno.makeTempDir({ prefix: "rosterd-authority-" }));
    await run(
      ...["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", `/O=Example/CN=${name}`],
      ...["-keyout", authority.#at("ca.key"), "-out", authority.certificate],
    );
    return authority;
  }

  /** The path to the authority's certificate, which clients must trust. */
  get certificate(): string {
    return this.#at("ca.crt");
  }

  /**
   * Issues a server certificate for these names (such as `DNS:localhost`), together with its key. A negative `days`
   * value creates an expired certificate.
   */
  async issue(names: string, days = 20): Promise<{ certificate: string; key: string }> {
    const [key, request, extensions, certificate] = ["key", "csr", "ext", "crt"].map((end) =>
      this.#at(`server.${end}`)
    );
    await run(
      "openssl",
      "req",
      "-newkey",
      "rsa:2048",
      "-nodes",
      "-subj",
      "/CN=server",
      "-keyout",
      key,
      "-out",
      request,
    );
    await Deno.writeTextFile(extensions, `subjectAltName=${names}\n`);
    await run(
      ...["openssl", "x509", "-req", "-in", request, "-CA", this.certificate, "-CAkey", this.#at("ca.key")],
      ...["-CAcreateserial", "-out", certificate, "-extfile", extensions],
      ...["-days", String(days)],
    );
    return { certificate, key };
  }

  #at(name: string): string {
    return join(this.folder, name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}
