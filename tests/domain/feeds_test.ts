/** A feed's settings override the settings for all feeds, and problems with them name the feed. */
import assert from "node:assert/strict";
import { mergePatch } from "../../src/domain/merge_patch.ts";
import { InvalidSettings, parseSettings } from "../../src/domain/parse_settings.ts";
import { isFeedName } from "../../src/domain/settings.ts";
import { feedsOf, pausedUntil, settingsOf } from "../../src/domain/feed_settings.ts";
import { patchFromAssignments } from "../../src/host/settings_change.ts";
import { validSettings } from "../../src/importer/checks/valid_settings.ts";

function problemsOf(document: unknown): string[] {
  try {
    validSettings(document);
    return [];
  } catch (error) {
    assert.ok(error instanceof InvalidSettings);
    return error.problems.map(({ key, message }) => `${key} ${message}`);
  }
}

Deno.test("values and lists of a feed replace the common ones, and entries of objects are added", () => {
  const settings = parseSettings({
    date_format: "YYYYMMDD",
    user_types: ["1"],
    archive_guard: { max_percent: 5, min_users: 7 },
    header_aliases: { Key: "student_no", Post: "email" },
    value_maps: { active: { Y: "1", N: "0" }, province: { Ontario: "ON" } },
    defaults: { login_source: "sso", city: "Hull" },
    feeds: {
      students: {
        user_types: [],
        archive_guard: { min_users: 1 },
        header_aliases: { KEY: "employ_no" },
        value_maps: { active: { y: "0" } },
        defaults: { city: "Ottawa" },
      },
    },
  });
  const { date_format, user_types, archive_guard, header_aliases, value_maps, defaults } = settingsOf(
    settings,
    "students",
  );
  assert.deepEqual([date_format, user_types, archive_guard], ["YYYYMMDD", [], { max_percent: 5, min_users: 1 }]);
  assert.deepEqual(header_aliases, { Post: "email", KEY: "employ_no" });
  assert.deepEqual(value_maps, { active: { N: "0", y: "0" }, province: { Ontario: "ON" } });
  assert.deepEqual(defaults, { login_source: "sso", city: "Ottawa" });
  assert.deepEqual(settingsOf(settings, ""), settings);
  assert.deepEqual(settingsOf(settings, "constructor"), settings, "a feed that is not there");
});

Deno.test("the name of a feed must be a folder name that every file system accepts", () => {
  const names = ["students", "a", "x-1_y", "a".repeat(32)],
    wrong = ["", "bak", ".rosterd", "A", "1a", "a.b", "a/b", "a".repeat(33)];
  assert.deepEqual(names.filter((name) => !isFeedName(name)), []);
  assert.deepEqual(wrong.filter(isFeedName), []);
  assert.match(problemsOf({ feeds: { bak: {} } })[0], /^feeds\.bak cannot be the name of a feed/);
});

Deno.test("a problem in the settings of a feed names the feed, even if a value for all feeds causes the conflict", () => {
  assert.deepEqual(problemsOf({ feeds: { a: { date_fromat: "x", smtp: {} } } }), [
    "feeds.a.date_fromat is not a setting (did you mean feeds.a.date_format?)",
    "feeds.a.smtp cannot differ between feeds: set it for all feeds",
  ]);
  assert.match(
    problemsOf({ defaults: { user_type_id: "6" }, feeds: { a: { user_types: ["1"] } } }).join(),
    /^feeds\.a conflicts with defaults\.user_type_id \("6" must be "1"\)$/,
  );
  assert.equal(problemsOf({ user_types: ["1"], defaults: { user_type_id: "6" }, feeds: { a: {}, b: {} } }).length, 1);
});

Deno.test("feeds keep their order, unless a patch names all of them in another order", () => {
  const { feeds } = parseSettings({ feeds: { b: {}, a: { apply: false } } });
  const order = (patch: object) => Object.keys(mergePatch(feeds, patch) as object);
  assert.deepEqual(order({ a: {} }), ["b", "a"]);
  assert.deepEqual(order({ c: {} }), ["b", "a", "c"]);
  assert.deepEqual(order({ c: {}, a: {}, b: {} }), ["c", "a", "b"]);
  assert.deepEqual(order({ b: null }), ["a"]);
  assert.deepEqual(mergePatch(feeds, { a: {}, b: {} }), { a: { apply: false }, b: {} });
  assert.deepEqual(feedsOf(parseSettings({ feeds })), ["b", "a", ""]);
});

Deno.test("a pause of one feed or of all feeds ends at its time", () => {
  const settings = parseSettings({
    paused_until: "2026-12-24T18:00:00+01:00",
    feeds: { open: { paused_until: "" }, later: { paused_until: "2026-12-25T00:00Z" } },
  });
  const until = (feed: string, at: string) => pausedUntil(settings, feed, new Date(at))?.toISOString() ?? null;
  assert.equal(until("", "2026-12-24T16:59:59Z"), "2026-12-24T17:00:00.000Z");
  assert.equal(until("", "2026-12-24T17:00:00Z"), null);
  assert.equal(until("open", "2026-12-24T12:00:00Z"), null);
  assert.equal(until("later", "2026-12-24T20:00:00Z"), "2026-12-25T00:00:00.000Z");
  for (const wrong of ["tomorrow", "2026-12-24T18:00:00", "2026-13-24T18:00:00Z"]) {
    assert.match(problemsOf({ paused_until: wrong })[0], /^paused_until must be a time with a UTC offset/);
  }
});

Deno.test("a dotted key reaches the settings of a feed", () => {
  const words = [
    "feeds.a.date_format=YYYYMMDD",
    "feeds.a.value_maps.active.Y=1",
    "feeds.a.apply=false",
    "feeds.b=null",
  ];
  assert.deepEqual(patchFromAssignments(words), {
    feeds: { a: { date_format: "YYYYMMDD", value_maps: { active: { Y: "1" } }, apply: false }, b: null },
  });
});
