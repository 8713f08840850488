/** Every command with `--json` prints exactly the object that docs/cli.md#json names, and nothing else. */
import assert from "node:assert/strict";
import { COMMANDS } from "../../src/cli/commands.ts";
import { OpenApi, type Schema } from "../support/openapi.ts";
import { serverUnavailable, testDatabase } from "../support/postgres.ts";
import { Workplace } from "../support/rosterd.ts";
import { TestService, TOKEN } from "../support/service.ts";

const unavailable = await serverUnavailable();
if (unavailable !== null) console.error(`LEFT OUT: the tests of ${import.meta.url}: ${unavailable}`);

/** The rows of the table: the command, and what its object is. */
const ROWS = [...(await jsonSection()).matchAll(/^\| `([a-z -]+)` +\| (.*?) +\|$/gm)].map(([, words, object]) => ({
  words,
  object,
}));

async function jsonSection(): Promise<string> {
  const page = await Deno.readTextFile(new URL("../../docs/cli.md", import.meta.url));
  return page.split("\n## JSON\n")[1].split("\n## ")[0];
}

const SETTINGS = {
  archive_inactive_users: true,
  archive_guard: { max_percent: 10, min_users: 2 },
};

const HEADER = "unique_id,login_source,city,active\n";
/** Users 1 to 30, of whom the first `gone` are inactive. The last record fails. */
function roster(gone: number): string {
  const records = Array.from({ length: 30 }, (_, at) => `${at + 1},ldap,Ottawa,${at < gone ? 0 : 1}\n`);
  return HEADER + records.join("") + "31,,Hull,1\n";
}

Deno.test("docs/cli.md names the object of every command that has --json, and of no other", () => {
  const commands = COMMANDS.filter(({ flags }) => "json" in flags).map(({ words }) => words);
  assert.deepEqual(ROWS.map(({ words }) => words), commands);
});

/** Runs commands with `--json`, and holds what they print against the schemas of `/openapi.json` and docs/cli.md. */
class Commands {
  readonly run = new Set<string>();
  constructor(private readonly here: Workplace, private readonly openApi: OpenApi) {}

  /** Runs `rosterd WORDS --json`, and checks the object that it prints. `words` are those of the command. */
  async prints(words: string, operands: readonly string[] = [], wanted: readonly number[] = [0]): Promise<unknown> {
    const { code, out, err } = await this.here.run(...words.split(" "), "--json", ...operands);
    const what = `${words} ${operands.join(" ")}`;
    assert.ok(wanted.includes(code), `${what} ended with ${code}: ${err}${out}`);
    const document = JSON.parse(out);
    this.openApi.assertDocument(what, this.#schemaOf(words, operands), document);
    this.run.add(words);
    return document;
  }

  /** Runs a command that fails, and checks the error that it prints. */
  async fails(exitCode: number, ...words: string[]): Promise<void> {
    const { code, out, err } = await this.here.run(...words, "--json");
    const { error } = JSON.parse(out), what = words.join(" ");
    assert.deepEqual(Object.keys(error), ["exit_code", "text"], what);
    assert.deepEqual([code, error.exit_code], [exitCode, exitCode], what);
    assert.ok(err.includes(`rosterd: ${error.text}\n`), `${what}: ${err}`);
  }

  #schemaOf(words: string, operands: readonly string[]): Schema {
    const { object } = ROWS.find((row) => row.words === words)!;
    const call = /^`((?:GET|POST|PATCH) [^`]+)`$/.exec(object)?.[1];
    if (call !== undefined) return this.openApi.answerOf(call);
    const shown = this.#shownImport();
    switch (words) {
      case "imports show":
        return shown;
      case "import": {
        const id = { type: ["integer", "null"] };
        return objectOf({ imports: arrayOf({ ...shown, properties: { ...shown.properties, id } }) });
      }
      case "check":
        return objectOf({ checks: arrayOf(this.openApi.answerOf("POST /check")) });
      case "settings get": {
        const settings = this.openApi.answerOf("GET /settings");
        return operands.length === 0 ? settings : optional(this.openApi.resolve(settings));
      }
      case "token list": {
        const name = { type: "string" }, role = { enum: ["admin", "clerk", "read"] };
        return objectOf({ tokens: arrayOf(objectOf({ name, role, created_at: { type: ["string", "null"] } })) });
      }
      default:
        throw new Error(`docs/cli.md says that ${words} --json prints ${object}: describe it here`);
    }
  }

  #shownImport(): Schema {
    const { openApi } = this;
    const page = (path: string) => openApi.answerOf(`GET /imports/{id}/${path}`).properties!;
    const entry = openApi.resolve(openApi.answerOf("GET /imports/{id}"));
    const { held, columns } = page("held");
    return objectOf({
      ...entry.properties,
      failures: page("failures").failures,
      held_users: held,
      held_columns: columns,
    });
  }
}

function objectOf(properties: Record<string, Schema>): Schema {
  return { type: "object", properties, required: Object.keys(properties), additionalProperties: false };
}

function arrayOf(items: Schema): Schema {
  return { type: "array", items };
}

/** The same schema, whose properties may all be missing. */
function optional({ required: _, ...schema }: Schema): Schema {
  if (schema.properties === undefined) return schema;
  const properties = Object.entries(schema.properties).map(([name, inner]) => [name, optional(inner)]);
  return { ...schema, properties: Object.fromEntries(properties) };
}

function openApiOf(service: TestService): Promise<OpenApi> {
  return fetch(`${service.url}/openapi.json`).then((answer) => answer.text()).then(OpenApi.of);
}

Deno.test({
  name: "beside a running service, every command with --json prints the object that docs/cli.md names",
  ignore: unavailable !== null,
  async fn() {
    await using database = (await testDatabase())!;
    await using service = await TestService.start({ databaseUrl: database.url, settings: SETTINGS });
    await using here = await Workplace.make({ ROSTERD_ADMIN_TOKEN: TOKEN, ROSTERD_DATA: service.config.data });
    const commands = new Commands(here, await openApiOf(service));
    const prints = commands.prints.bind(commands);
    await here.write("roster.csv", roster(20));
    await here.write("spelled.csv", "Student No,login_source,active\n1,ldap,Y\n");

    await prints("status", [], [0, 1]);
    await prints("run");
    await service.drop("all.csv", roster(0));
    await prints("run", [], [2]);
    await service.drop("spring.csv", roster(20));
    const { imports: [held] } = await prints("run", [], [2]) as { imports: { id: number }[] };
    await service.drop("late.csv", "no roster\n");
    await prints("run", [], [3]);
    await prints("status", [], [0, 1]);
    await prints("check", ["roster.csv", "spelled.csv", "absent.csv"], [1]);
    await prints("imports");
    await prints("imports show", [String(held.id)]);
    await prints("imports changes", [String(held.id)]);
    await prints("imports approve", [String(held.id)]);
    await prints("imports undo", [String(held.id)]);
    const again = await service.import("again.csv", roster(25));
    await prints("imports discard", [String(again.id)]);
    await prints("imports replay", ["--dry-run"]);
    await prints("users find", ["1"]);
    await prints("users show", ["1"]);
    await service.import("gone.csv", `${HEADER}99,ldap,Hull,0\n`);
    await prints("users erase", ["99", "--yes"]);
    await prints("doctor", [], [0, 1]);
    await prints("settings get");
    await prints("settings get", ["smtp.host"]);
    await prints("settings get", ["interval_minutes"]);
    await prints("settings set", ["interval_minutes=7"]);
    await prints("settings map", ["spelled.csv"], [2, 3]);
    await prints("settings history");
    await prints("settings test-mail");
    await prints("token list");

    await using own = await Workplace.make({ DATABASE_URL: database.url, ROSTERD_SETTINGS: service.config.settings });
    await own.write("roster.csv", roster(0));
    const beside = new Commands(own, await openApiOf(service));
    await beside.prints("import", ["roster.csv", "absent.csv"], [1]);
    const run = new Set([...commands.run, ...beside.run]);
    assert.deepEqual(ROWS.map(({ words }) => words).filter((words) => !run.has(words)), [], "commands not run");

    await commands.fails(1, "imports", "show", "999");
    await commands.fails(1, "imports", "approve", String(held.id));
    await commands.fails(64, "users", "erase", "1");
    await commands.fails(64, "imports", "--since", "yesterday");
    await commands.fails(64, "settings", "get", "no.such");
    await commands.fails(1, "import", "roster.csv");
    await commands.fails(64, "improt", "roster.csv");
  },
});

Deno.test({
  name: "without a service, the commands print the same objects",
  ignore: unavailable !== null,
  async fn() {
    await using database = (await testDatabase())!;
    await using service = await TestService.start({ databaseUrl: database.url, settings: SETTINGS });
    const openApi = await openApiOf(service);
    await using here = await Workplace.make({ DATABASE_URL: database.url });
    await here.write("settings.json", JSON.stringify(SETTINGS));
    await here.write("all.csv", roster(0));
    await here.write("spring.csv", roster(20));
    await service.stop();
    const commands = new Commands(here, openApi);
    const prints = commands.prints.bind(commands);

    const { imports: [, { id }] } = await prints("import", ["all.csv", "spring.csv"], [2]) as {
      imports: { id: number }[];
    };
    await prints("check", ["spring.csv"], [2]);
    await prints("imports");
    await prints("imports show", [String(id)]);
    await prints("imports changes", [String(id)]);
    await prints("imports approve", [String(id)]);
    await prints("imports undo", [String(id)]);
    await prints("users find", ["1"]);
    await prints("users show", ["1"]);
    await prints("doctor", [], [0, 1]);
    await prints("status", [], [1]);
    await prints("settings get");
    await prints("settings get", ["archive_guard.max_percent"]);
    await prints("settings set", ["archive_guard.max_percent=20"]);
    await prints("settings history");
    await prints("settings map", ["spring.csv"], [2]);

    await commands.fails(1, "imports", "undo", "999");
    await commands.fails(78, "run");
    await commands.fails(78, "token", "list");
    await commands.fails(78, "status", "--listen", "x");
  },
});
