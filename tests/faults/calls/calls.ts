/**
 * Makes individual system calls in the upload folder fail in a real service (`failing_calls.c`). Drops a file before
 * each failure and checks from outside that no file is lost or applied twice. At the end, a service without injected
 * faults finishes the remaining work.
 */
import { constants } from "node:os";
import { fileURLToPath } from "node:url";
import { type TestDatabase, testDatabase } from "../../support/postgres.ts";
import { missingPrograms, run } from "../../support/programs.ts";
import { Workplace } from "../../support/rosterd.ts";
import { until } from "../../support/until.ts";
import { type Dropped, Outside } from "../invariants.ts";
import { type Kind, prepareFor, rosterOf, settingsFor } from "../rosters.ts";
import { survived } from "../verdict.ts";

const SOURCE = fileURLToPath(new URL("failing_calls.c", import.meta.url));
/** The size of `struct control`: three numbers, then the name of the call that failed. */
const CONTROL_BYTES = 256, NAME_AT = 12;
const TOKEN = "token-of-the-test";

export type Errno = "EIO" | "ENOSPC" | "ESTALE" | "EACCES" | "EMFILE";

/** Returns the reason why calls cannot be made to fail on this machine, or null if they can. */
export function cannotFailCalls(): string | null {
  return Deno.build.os === "linux" ? missingPrograms("cc") : "calls are replaced on Linux only";
}

/**
 * Makes call number `from` fail, and then every `stride`-th call after it. Stops when a turn ends without a failure, or
 * after `times` failed calls.
 */
export interface Calls {
  from: number;
  stride: number;
  times: number;
  errors: readonly Errno[];
  /** The files to drop, in rotation. */
  kinds: readonly Kind[];
  /** Only calls that change the file system are counted. */
  changesOnly: boolean;
}

export async function failCalls({ from, stride, times, errors, kinds, changesOnly }: Calls): Promise<void> {
  await using database = (await testDatabase())!;
  await using here = await Workplace.make({
    DATABASE_URL: database.url,
    ROSTERD_LISTEN: "127.0.0.1:0",
    ROSTERD_ADMIN_TOKEN: TOKEN,
  });
  const { smtp: _, reply_to_admin_email: __, failed_import_email: ___, ...settings } = settingsFor(0);
  await here.write("settings.json", JSON.stringify({ ...settings, interval_minutes: 1_440 }));
  await Deno.mkdir(here.path("upload"));
  const outside = new Outside({ upload: here.path("upload"), sql: database.sql, mails: null });
  const calls = await FailingCalls.make(here);
  const failed: string[] = [];
  {
    await using service = await Service.start(here, calls.environment);
    for (let time = 0; time < times; time++) {
      const errno = errors[time % errors.length];
      const call = from + Math.floor(time / errors.length) * stride;
      await drop(here, outside, database, rosterOf(kinds[time % kinds.length], time));
      await calls.arm(call, errno, changesOnly);
      await service.turn();
      const what = await calls.disarm();
      failed.push(what);
      try {
        await outside.atAnyInstant();
      } catch (error) {
        throw new Error(`${errno} in call ${call}: ${what}`, { cause: error });
      }
      if (what === "") break;
    }
  }
  await using clean = await Service.start(here, {});
  await until("every file is in bak", async () => {
    await clean.turn();
    const [{ over }] = await database.sql`select count(*) as over from rosterd.imports where bak_file is not null`;
    return over === failed.length;
  }, 30_000);
  try {
    await outside.inTheEnd();
  } catch (error) {
    throw new Error(`after ${failed.join(", ")}`, { cause: error });
  }
  const injected = failed.filter((what) => what !== "");
  if (injected.length === 0) throw new Error("no call failed");
  const names = [...new Set(injected.map((what) => what.split(" ")[0]))].sort();
  survived({ fault: `single calls that fail: ${names.join(", ")}`, injected: injected.length, checks: outside.checks });
}

async function drop(here: Workplace, outside: Outside, { sql }: TestDatabase, file: Dropped): Promise<void> {
  await prepareFor(file, sql);
  outside.expect(file);
  await here.write(`upload/.${file.name}.part`, file.content);
  await Deno.rename(here.path(`upload/.${file.name}.part`), here.path(`upload/${file.name}`));
}

class FailingCalls {
  private constructor(readonly environment: Record<string, string>, private readonly control: string) {}

  static async make(here: Workplace): Promise<FailingCalls> {
    const library = here.path("failing_calls.so"), control = here.path("control");
    await run("cc", "-shared", "-fPIC", "-O1", "-o", library, SOURCE, "-ldl");
    await Deno.writeFile(control, new Uint8Array(CONTROL_BYTES));
    const environment = {
      LD_PRELOAD: library,
      FAILING_CALLS_CONTROL: control,
      FAILING_CALLS_FOLDER: here.path("upload"),
    };
    return new FailingCalls(environment, control);
  }

  async arm(call: number, errno: Errno, changesOnly: boolean): Promise<void> {
    const bytes = new Uint8Array(CONTROL_BYTES);
    // The error is set first because the countdown activates it.
    new DataView(bytes.buffer).setInt32(4, constants.errno[errno], true);
    new DataView(bytes.buffer).setInt32(8, Number(changesOnly), true);
    await this.#write(bytes);
    new DataView(bytes.buffer).setInt32(0, call, true);
    await this.#write(bytes);
  }

  /** Returns the call that failed, or an empty string if none did. */
  async disarm(): Promise<string> {
    const name = new TextDecoder().decode((await Deno.readFile(this.control)).subarray(NAME_AT)).replace(/\0.*/s, "");
    await this.#write(new Uint8Array(CONTROL_BYTES));
    return name;
  }

  /** The file is written in place because the service has mapped it into memory. */
  async #write(bytes: Uint8Array): Promise<void> {
    using file = await Deno.open(this.control, { write: true });
    await file.write(bytes);
  }
}

class Service implements AsyncDisposable {
  private constructor(
    private readonly process: Deno.ChildProcess,
    private readonly output: Promise<Deno.CommandOutput>,
    private readonly address: string,
  ) {}

  static async start(here: Workplace, environment: Record<string, string>): Promise<Service> {
    const process = here.spawnWith(environment, "serve");
    const output = process.output();
    const address = await until("the service listens", async () => {
      const record = await Deno.readTextFile(here.path("data/service.json")).catch(() => null);
      const { pid, address } = JSON.parse(record || "{}");
      return pid === process.pid ? address as string : null;
    }, 30_000);
    return new Service(process, output, address);
  }

  /** The result of the turn does not matter, as long as the service still responds. */
  async turn(): Promise<void> {
    const headers = { authorization: `Bearer ${TOKEN}` };
    await (await fetch(`${this.address}/imports?wait=true`, { method: "POST", headers })).body?.cancel();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.process.kill("SIGTERM");
    await this.output;
  }
}
