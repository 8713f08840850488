/**
 * Follows the instructions that `rosterd print` prints, on a separate machine: accounts, folders, and the service
 * running as the user named in the unit. A test adds the server and the uploads, and observes the outcome from outside.
 */
import assert from "node:assert/strict";
import type { StatusDocument } from "../../src/http/service.ts";
import { readServiceRecord } from "../../src/host/service_record.ts";
import type { ImportEntry } from "../../src/importer/ports.ts";
import { noMachine, OwnMachine } from "../support/own_machine.ts";
import { serverUnavailable, type TestDatabase, testDatabase } from "../support/postgres.ts";
import { until } from "../support/until.ts";

export const UPLOAD = "/srv/rosterd/upload";
const DATA = "/var/lib/rosterd";
const FOLDERS = ["--upload", UPLOAD, "--data", DATA, "--settings", `${DATA}/settings.json`];

/** Why such a machine cannot be created; null if it can. */
export async function noPrintedPlace(): Promise<string | null> {
  return await serverUnavailable() ?? await noMachine();
}

export class PrintedPlace implements AsyncDisposable {
  readonly #opened = new AsyncDisposableStack();
  #address = "";

  private constructor(readonly machine: OwnMachine, readonly database: TestDatabase) {}

  /**
   * Creates the machine and starts the service, as `print systemd` describes. `before`: configurations to print and
   * apply before the start.
   */
  static async open(...before: readonly (readonly [string, ...string[]])[]): Promise<PrintedPlace> {
    await using opening = new AsyncDisposableStack();
    const database = opening.use((await testDatabase())!);
    const machine = opening.use(await OwnMachine.start());
    const place = new PrintedPlace(machine, database);
    const unit = await place.print("systemd", "--listen", "127.0.0.1:0");
    for (const [what, ...more] of before) await place.print(what, ...more);
    opening.use(await place.#serve(unit));
    await place.rosterd("settings", "set", "settle_seconds=0", "interval_minutes=1440", ...FOLDERS);
    place.#opened.use(opening.move());
    return place;
  }

  /** Prints a configuration, then saves and applies the text according to its first lines. Returns the printed text. */
  async print(what: string, ...more: string[]): Promise<string> {
    const { code, out, err } = await this.#run("root", ["print", what, ...FOLDERS, ...more]);
    assert.deepEqual([code, err], [0, ""]);
    const [, file] = /^# Save it as (\S+),/m.exec(out)!;
    await Deno.writeTextFile(this.machine.at(file), out);
    const [, commands] = /^# {3}(sed .* \| sh -e)$/m.exec(out)!;
    await this.machine.shell(commands);
    await this.machine.shell(commands);
    return out;
  }

  /** Runs a command as the service's user and returns its output. */
  async rosterd(...words: string[]): Promise<string> {
    const { code, out, err } = await this.#run("rosterd", words);
    assert.equal(code, 0, err + out);
    return out;
  }

  /** The checks of `rosterd doctor` that did not pass. */
  async complaints(): Promise<string[]> {
    const { out } = await this.#run("rosterd", ["doctor", "--json", ...FOLDERS]);
    const { findings }: { findings: { check: string; verdict: string }[] } = JSON.parse(out);
    return findings.filter(({ verdict }) => verdict !== "good").map(({ check }) => check);
  }

  status(): Promise<StatusDocument> {
    return this.#call("/status");
  }

  /** Runs a turn and returns its imports. */
  async turn(): Promise<ImportEntry[]> {
    return (await this.#call<{ imports: ImportEntry[] }>("/imports?wait=true", "POST")).imports;
  }

  async usersInDatabase(): Promise<number> {
    return (await this.database.sql`select count(*)::int as n from rosterd.users`)[0].n;
  }

  /** The owner, group, mode and name of everything in the upload folder and of the folder itself. */
  async listing(): Promise<string[]> {
    const found = await this.machine.shell(`find ${UPLOAD} -printf '%u %g %m %P\\n'`);
    return found.trim().split("\n").map((line) => line.trimEnd()).sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#opened.disposeAsync();
  }

  async #run(user: string, words: readonly string[]): Promise<{ code: number; out: string; err: string }> {
    const { code, stdout, stderr } = await this.#command(user, words).output();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    return { code, out: text(stdout), err: text(stderr) };
  }

  #command(user: string, words: readonly string[]): Deno.Command {
    const [program, ...args] = [...this.machine.rosterdAs(user), ...words];
    const env = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", DATABASE_URL: this.database.url };
    return new Deno.Command(program, {
      args,
      env,
      clearEnv: true,
      cwd: "/",
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    });
  }

  /** Runs the command specified in the unit. */
  async #serve(unit: string): Promise<AsyncDisposable> {
    const [, line] = /^ExecStart=((?:.*\\\n)*.*)$/m.exec(unit)!;
    const [, ...words] = line.split(/[\s\\]+/);
    const [, user] = /^User=(.*)$/m.exec(unit)!;
    const process = this.#command(user, words).spawn();
    const output = process.output();
    const record = await until("the service listens", () => readServiceRecord(this.machine.at(DATA)), 30_000);
    this.#address = record.address;
    return {
      async [Symbol.asyncDispose]() {
        process.kill("SIGTERM");
        const { code, stderr } = await output;
        assert.equal(code, 0, new TextDecoder().decode(stderr));
      },
    };
  }

  async #call<T>(path: string, method = "GET"): Promise<T> {
    const token = (await Deno.readTextFile(this.machine.at(`${DATA}/admin-token`))).trim();
    const response = await fetch(this.#address + path, { method, headers: { authorization: `Bearer ${token}` } });
    assert.ok(response.ok, `${method} ${path}: ${response.status}`);
    return await response.json();
  }
}
