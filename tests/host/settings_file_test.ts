import assert from "node:assert/strict";
import { DEFAULT_SETTINGS } from "../../src/domain/settings.ts";
import { InvalidSettings } from "../../src/domain/parse_settings.ts";
import { BrokenSettingsFile, SettingsChanged } from "../../src/domain/stored_settings.ts";
import { openSettingsFile } from "../../src/host/settings_file.ts";
import { printSettings } from "../../src/host/settings_text.ts";
import { systemClock } from "../../src/runtime/clock.ts";

async function inFolder(work: (path: string, folder: string) => Promise<void>) {
  const folder = await Deno.makeTempDir();
  try {
    await work(`${folder}/settings.json`, folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const open = (path: string) => openSettingsFile(path, systemClock);
const modeOf = async (path: string) => (await Deno.stat(path)).mode! & 0o777;

Deno.test("A missing settings file is created with the defaults, readable only by its owner", () =>
  inFolder(async (path) => {
    const { settings, etag } = await open(path).read();
    assert.deepEqual(settings, DEFAULT_SETTINGS);
    assert.equal(await Deno.readTextFile(path), printSettings(DEFAULT_SETTINGS));
    assert.equal(await modeOf(path), 0o600);
    assert.equal((await open(path).read()).etag, etag);
  }));

Deno.test("A change is stored, gets a new ETag, and leaves no temporary file", () =>
  inFolder(async (path, folder) => {
    const file = open(path);
    const before = await file.read();
    const after = await file.patch({ interval_minutes: 9 });
    assert.notEqual(after.etag, before.etag);
    assert.deepEqual(await open(path).read().then(({ settings, etag }) => [settings.interval_minutes, etag]), [
      9,
      after.etag,
    ]);
    const names = (await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort();
    assert.deepEqual(names, ["settings.json", "settings.json.history", "settings.json.lock"]);
  }));

Deno.test("A change without effect keeps the file and its ETag", () =>
  inFolder(async (path) => {
    const { etag } = await open(path).read();
    assert.equal((await open(path).patch({ interval_minutes: 5 })).etag, etag);
  }));

Deno.test("A manual edit applies and gives a new ETag; the mode of the file is kept", () =>
  inFolder(async (path) => {
    const { etag } = await open(path).read();
    await Deno.writeTextFile(path, '{"settle_seconds": 1}');
    await Deno.chmod(path, 0o640);
    const edited = await open(path).read();
    assert.equal(edited.settings.settle_seconds, 1);
    assert.notEqual(edited.etag, etag);
    await open(path).patch({ interval_minutes: 2 });
    assert.equal(await modeOf(path), 0o640);
  }));

Deno.test("Every change has a different ETag, even in quick succession or after the clock was set back", () =>
  inFolder(async (path) => {
    const file = openSettingsFile(path, { ...systemClock, now: () => new Date("2026-11-23T18:00:00Z") });
    const etags = new Set<string>();
    for (let round = 0; round < 40; round++) etags.add((await file.patch({ interval_minutes: 1 + round % 2 })).etag);
    assert.equal(etags.size, 40);
  }));

Deno.test("An outdated If-Match changes nothing", () =>
  inFolder(async (path) => {
    const file = open(path);
    const { etag } = await file.read();
    await file.patch({ interval_minutes: 9 }, etag);
    for (
      const call of [
        () => file.patch({ interval_minutes: 3 }, etag),
        () => file.replace(DEFAULT_SETTINGS, etag),
        () => file.write(DEFAULT_SETTINGS, "nonsense"),
        () => file.patch({ interval_minutes: 3 }, `W/${etag}`),
      ]
    ) await assert.rejects(call, SettingsChanged);
    const now = await file.read();
    assert.equal(now.settings.interval_minutes, 9);
    assert.equal((await file.patch({ interval_minutes: 3 }, `"x", ${now.etag}`)).settings.interval_minutes, 3);
    assert.equal((await file.patch({ interval_minutes: 4 }, "*")).settings.interval_minutes, 4);
  }));

Deno.test("Settings that are not valid change nothing", () =>
  inFolder(async (path) => {
    const file = open(path);
    const { etag } = await file.read();
    await assert.rejects(file.patch({ interval_minutes: 0 }), InvalidSettings);
    await assert.rejects(file.write({ ...DEFAULT_SETTINGS, settle_seconds: -1 }), InvalidSettings);
    assert.equal((await file.read()).etag, etag);
  }));

Deno.test("A broken settings file is neither used nor overwritten", () =>
  inFolder(async (path) => {
    await Deno.writeTextFile(path, '{"interval_minutes": }');
    await assert.rejects(open(path).read(), (error: unknown) => {
      assert.ok(error instanceof BrokenSettingsFile);
      assert.equal(error.problems[0].key, "interval_minutes");
      return true;
    });
    await assert.rejects(open(path).patch({ interval_minutes: 3 }), BrokenSettingsFile);
    assert.equal(await Deno.readTextFile(path), '{"interval_minutes": }');
  }));

Deno.test("The error of an inaccessible settings file says what to do", () =>
  inFolder(async (path, folder) => {
    await assert.rejects(open(`${folder}/absent/settings.json`).read(), {
      name: "BrokenSettingsFile",
      message:
        `${folder}/absent/settings.json: its folder does not exist; create it, or choose another file with --settings`,
    });
    await assert.rejects(open(folder).read(), { name: "BrokenSettingsFile", message: /it is a folder/ });
    await open(path).read();
    await assert.rejects(open(`${path}/x`).read(), { name: "BrokenSettingsFile", message: /not a folder/ });
  }));

Deno.test("Simultaneous changes by several processes are all kept", () =>
  inFolder(async (path) => {
    const program = `
      import { openSettingsFile } from "${new URL("../../src/host/settings_file.ts", import.meta.url)}";
      import { systemClock } from "${new URL("../../src/runtime/clock.ts", import.meta.url)}";
      const file = openSettingsFile(Deno.args[0], systemClock);
      for (let round = 0; round < 10; round++) {
        await file.patch({ header_aliases: { ["h" + Deno.args[1] + "x" + round]: "city" } });
      }`;
    const writers = ["1", "2", "3"].map((writer) =>
      new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", "--no-check", "--ext=ts", "-", path, writer],
        cwd: new URL("../..", import.meta.url),
        stdin: "piped",
        stderr: "inherit",
      }).spawn()
    );
    await Promise.all(writers.map(async (writer) => {
      const input = writer.stdin.getWriter();
      await input.write(new TextEncoder().encode(program));
      await input.close();
      assert.equal((await writer.status).code, 0);
    }));
    assert.equal(Object.keys((await open(path).read()).settings.header_aliases).length, 30);
  }));

Deno.test("Simultaneous changes by one process are all kept, and a reader never sees an incomplete file", () =>
  inFolder(async (path) => {
    const file = open(path);
    const numbers = Array.from({ length: 100 }, (_, number) => number);
    await Promise.all(numbers.flatMap((number): Promise<unknown>[] => [
      file.patch({ header_aliases: { [`h${number}`]: "city" } }),
      file.read(),
    ]));
    assert.equal(Object.keys((await file.read()).settings.header_aliases).length, 100);
  }));

Deno.test({
  name: "After a change by root, the file and the lock still belong to the same user",
  ignore: Deno.uid() !== 0,
  fn: () =>
    inFolder(async (path, folder) => {
      await Deno.chown(folder, 65_534, 65_534);
      await open(path).read();
      await open(path).patch({ interval_minutes: 9 });
      const owners = await Promise.all([path, `${path}.lock`].map(async (each) => (await Deno.stat(each)).uid));
      assert.deepEqual(owners, [65_534, 65_534]);
    }),
});
