/** `rosterd settings map FILE`, with and without a terminal. */
import assert from "node:assert/strict";
import { createLineReader } from "../../src/cli/terminal.ts";
import { serverUnavailable, testDatabase } from "../support/postgres.ts";
import { FROM_SOURCE, Workplace } from "../support/rosterd.ts";
import { TestService, TOKEN } from "../support/service.ts";
import { KOHA, MOODLE } from "../page/world.ts";

const scriptIsMissing = await isMissing("script");
const unavailable = scriptIsMissing ?? await serverUnavailable();
if (unavailable !== null) console.error(`LEFT OUT: tests of ${import.meta.url}: ${unavailable}`);
const serverTest = (name: string, fn: () => Promise<void>) => Deno.test({ name, ignore: unavailable !== null, fn });

async function isMissing(program: string): Promise<string | null> {
  try {
    await new Deno.Command(program, { args: ["--version"], stdout: "null" }).output();
    return null;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return `${program} is missing. Run apt-get install bsdutils`;
  }
}

/** Types the lines into a terminal. Returns the text that the terminal shows. */
async function typed(here: Workplace, words: string[], lines: string[]): Promise<{ code: number; screen: string }> {
  const command = [...FROM_SOURCE, ...words].map((word) => `'${word}'`).join(" ");
  const { HOME, DENO_DIR, PATH } = Deno.env.toObject();
  const child = new Deno.Command("script", {
    args: ["--quiet", "--return", "--command", command, "/dev/null"],
    cwd: here.folder,
    clearEnv: true,
    env: { HOME, PATH, ...(DENO_DIR === undefined ? {} : { DENO_DIR }), ...here.environment, NO_COLOR: "1" },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const input = child.stdin.getWriter();
  await input.write(new TextEncoder().encode(lines.map((line) => `${line}\n`).join("")));
  const { code, stdout } = await child.output();
  await input.close();
  return { code, screen: new TextDecoder().decode(stdout).replaceAll("\r", "") };
}

serverTest(
  "without a terminal, settings map prints the questions and the suggested change, and changes nothing",
  async () => {
    await using database = (await testDatabase())!;
    await using here = await Workplace.make({ DATABASE_URL: database.url });
    await here.write("koha.csv", KOHA);
    await here.write("settings.json", "{}");

    const { code, out } = await here.run("settings", "map", "koha.csv");
    assert.equal(code, 3);
    assert.match(out, /^koha\.csv: would be rejected\n/);
    assert.match(out, /^ {2}the header "cardnumber" is unknown: set header_aliases\.cardnumber=unique_id$/m);
    assert.match(out, /^ {2}no header means login_source: set defaults\.login_source=sso \(a guess\)$/m);
    assert.match(out, /^ {2}province "Québec" fails in 1 record: set value_maps\.province\.Québec=QC$/m);
    assert.match(
      out,
      /^ {2}the dates in "dateofbirth" are in a different format in 2 records: set date_format=DD\/MM\/YYYY$/m,
    );
    const printed = JSON.parse(out.slice(out.indexOf("{")));
    const { proposal } = JSON.parse((await here.run("settings", "map", "koha.csv", "--json")).out);
    assert.deepEqual(printed, proposal.patch);
    assert.equal(await Deno.readTextFile(here.path("settings.json")), "{}");

    assert.match(
      (await here.run("check", "koha.csv")).out,
      /^ {2}active "Y" fails in 1 record: set value_maps\.active\.Y=1$/m,
    );
  },
);

serverTest(
  "on a terminal, settings map asks each question, changes the settings after confirmation, and checks again",
  async () => {
    await using database = (await testDatabase())!;
    await using here = await Workplace.make({ DATABASE_URL: database.url });
    await here.write("koha.csv", KOHA);
    await here.write("settings.json", "{}");

    const refused = await typed(here, ["settings", "map", "koha.csv"], ["", "", "", "", "", "", "", "", "", "", "n"]);
    assert.match(refused.screen, /nothing was changed/);
    assert.equal(await Deno.readTextFile(here.path("settings.json")), "{}");

    // The answers: no columns for the remaining headers, then cardnumber, surname, enabled, login source, two
    // provinces, dates, Y and n.
    const answers = ["n", "", "nonsense", "last_name", "-", "ldap", "", "", "", "y"];
    const { code, screen } = await typed(here, ["settings", "map", "koha.csv"], answers);
    assert.match(screen, /These headers are not used: "branch"\. Choose columns for them too\? \[y\/N\]/);
    assert.match(screen, /the header "cardnumber" is unknown\. Which column does this header mean\? \[unique_id\]/);
    assert.match(screen, /One of unique_id, old_unique_id, login_source, .*, or - to skip it: \[last_name\]/);
    assert.match(
      screen,
      /no header means login_source, so this is a guess\. Which value do users without login_source get\? \[sso\]/,
    );
    assert.doesNotMatch(screen, /active "Y".*mean/, "values of a header that is not used are not asked");
    assert.match(screen, /changed header_aliases, defaults, value_maps, date_format/);
    assert.match(screen, /koha\.csv: no records would fail/);
    assert.match(screen, /the header "enabled" is unknown: set header_aliases\.enabled=active/);
    assert.equal(code, 0);
    const settings = JSON.parse(await Deno.readTextFile(here.path("settings.json")));
    assert.deepEqual(settings.header_aliases, { cardnumber: "unique_id", surname: "last_name" });
    assert.deepEqual([settings.defaults, settings.date_format], [{ login_source: "ldap" }, "DD/MM/YYYY"]);
  },
);

serverTest("with a running service, settings map changes the settings over HTTP", async () => {
  await using database = (await testDatabase())!;
  await using service = await TestService.start({ databaseUrl: database.url });
  await using here = await Workplace.make({ ROSTERD_DATA: service.config.data, ROSTERD_ADMIN_TOKEN: TOKEN });
  await here.write("moodle.csv", MOODLE);
  const { code, screen } = await typed(here, ["settings", "map", "moodle.csv"], ["", "", "", "", "", "", "y"]);
  assert.match(screen, /using the service at http/);
  assert.match(
    screen,
    /"suspended" is the opposite of active, so the value 0 means something different\. What does this value mean\? \[1\]/,
  );
  assert.equal(code, 0, screen);
  // deno-lint-ignore no-explicit-any
  const { header_aliases, value_maps } = await service.get<any>("/settings");
  assert.deepEqual(header_aliases, { idnumber: "unique_id", auth: "login_source", suspended: "active" });
  assert.deepEqual(value_maps, { active: { 0: "1", 1: "0" } });
});

Deno.test({
  name: "with --embedded, settings map works before the installation, and creates only the settings file",
  ignore: scriptIsMissing !== null,
  async fn() {
    await using here = await Workplace.make({});
    await here.write("moodle.csv", MOODLE);
    const answers = ["", "", "", "", "", "", "y"];
    const { code, screen } = await typed(here, ["settings", "map", "--embedded", "moodle.csv"], answers);
    assert.match(screen, /has no embedded database: checking against an empty one/);
    assert.match(screen, /moodle\.csv: no records would fail/);
    assert.equal(code, 0, screen);
    const { header_aliases } = JSON.parse(await Deno.readTextFile(here.path("settings.json")));
    assert.deepEqual(header_aliases, { idnumber: "unique_id", auth: "login_source", suspended: "active" });
    await assert.rejects(Deno.stat(here.path("data")), Deno.errors.NotFound);
  },
});

Deno.test("lines arrive one by one from input in any pieces, the last is null, and an abort ends the wait", async () => {
  const pieces = ["one\ntw", "o \n\nla", "st"].map((text) => new TextEncoder().encode(text));
  const readLine = createLineReader({
    read(bytes) {
      const piece = pieces.shift();
      if (piece === undefined) return Promise.resolve(null);
      bytes.set(piece);
      return Promise.resolve(piece.length);
    },
  });
  const { signal } = new AbortController();
  assert.deepEqual([await readLine(signal), await readLine(signal), await readLine(signal)], ["one", "two", ""]);
  assert.equal(await readLine(signal), null);
  const controller = new AbortController();
  const waiting = createLineReader({ read: () => new Promise(() => {}) })(controller.signal);
  controller.abort(new Error("stopped"));
  await assert.rejects(waiting, /stopped/);
});
