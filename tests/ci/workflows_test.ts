/** The workflows in `.github` are correct, as far as can be told by parsing the YAML. */
import assert from "node:assert/strict";
import { parse } from "yaml";
import { compileArguments } from "../../.ci/compile.ts";

interface Step {
  uses?: string;
  run?: string;
  with?: Record<string, unknown>;
}

interface Job {
  uses?: string;
  permissions?: Record<string, string>;
  needs?: string | string[];
  strategy?: { matrix: { include: { target: string; file: string; runner: string }[] } };
  steps?: Step[];
}

interface Workflow {
  on: Record<string, unknown>;
  permissions: Record<string, string>;
  jobs: Record<string, Job>;
}

const GITHUB = new URL("../../.github/", import.meta.url);
const textOf = (path: string) => Deno.readTextFileSync(new URL(path, GITHUB));
const namesIn = (folder: string) => [...Deno.readDirSync(new URL(folder, GITHUB))].map(({ name }) => name).sort();
const WORKFLOWS = namesIn("workflows");
const ci: Workflow = parse(textOf("workflows/ci.yml"));
const release: Workflow = parse(textOf("workflows/release.yml"));

const stepsOf = ({ jobs }: Workflow) => Object.values(jobs).flatMap(({ steps = [] }) => steps);
const commandsOf = (workflow: Workflow) => stepsOf(workflow).flatMap(({ run }) => run ?? []);

Deno.test("CI runs .ci/run for every change, with only the permission to read the code", () => {
  assert.deepEqual(WORKFLOWS, ["ci.yml", "release.yml"]);
  assert.deepEqual(Object.keys(ci.on), ["push", "pull_request", "workflow_call"]);
  assert.deepEqual(ci.permissions, { contents: "read" });
  assert.deepEqual(commandsOf(ci), [".ci/run"]);
});

Deno.test("only a tag starts a release, which builds for both platforms after all checks", () => {
  assert.deepEqual(release.on, { push: { tags: ["v*"] } });
  const { check, compile, publish } = release.jobs;
  assert.deepEqual([check.uses, compile.needs], ["./.github/workflows/ci.yml", "check"]);
  assert.deepEqual(publish.needs, ["compile", "bill-of-materials"]);
  assert.deepEqual(compile.strategy!.matrix.include.map(({ target, runner }) => [target, runner]), [
    ["x86_64-unknown-linux-gnu", "ubuntu-24.04"],
    ["aarch64-unknown-linux-gnu", "ubuntu-24.04-arm"],
  ]);
  for (const { target, file } of compile.strategy!.matrix.include) {
    assert.ok(compileArguments(`dist/${file}`, "2.9.6", target).join(" ").includes(` --target ${target} `));
  }
  const commands = commandsOf(release).join("\n");
  for (const part of [".ci/compile.ts", '"$TARGET"', ".ci/sbom.ts", "sha256sum", "gh release create"]) {
    assert.ok(commands.includes(part), part);
  }
});

Deno.test("only the publishing job has write access, and that job runs no code of the project or its packages", () => {
  assert.deepEqual(release.permissions, {});
  const { publish, ...others } = release.jobs;
  for (const [name, { permissions }] of Object.entries(others)) {
    assert.deepEqual(permissions, { contents: "read" }, name);
  }
  assert.deepEqual(publish.permissions, { contents: "write", "id-token": "write", attestations: "write" });
  const programs = publish.steps!.flatMap(({ run }) => run?.split(" ")[0] ?? []);
  assert.deepEqual(programs, ["sha256sum", "gh"]);
});

Deno.test("each action is pinned to a commit, and a checkout does not store the token", () => {
  for (const { uses, with: options } of [...stepsOf(ci), ...stepsOf(release)]) {
    if (uses === undefined) continue;
    assert.match(uses, /^actions\/[a-z-]+@[0-9a-f]{40}$/);
    if (uses.startsWith("actions/checkout@")) assert.equal(options?.["persist-credentials"], false);
  }
});

Deno.test("the workflows contain no secret, and run no external text as a command", () => {
  for (const name of WORKFLOWS) {
    const secrets = [...textOf(`workflows/${name}`).matchAll(/\bsecrets\.(\w+)/g)].map(([, secret]) => secret);
    assert.deepEqual(secrets.filter((secret) => secret !== "GITHUB_TOKEN"), [], name);
  }
  for (const command of [...commandsOf(ci), ...commandsOf(release)]) assert.doesNotMatch(command, /\$\{\{/);
});

Deno.test("every issue form has a name, a description, and fields with distinct labels", () => {
  const forms = namesIn("ISSUE_TEMPLATE").filter((name) => name !== "config.yml");
  assert.deepEqual(forms, ["bug.yml", "feature.yml"]);
  for (const form of forms) {
    const { name, description, body } = parse(textOf(`ISSUE_TEMPLATE/${form}`));
    assert.ok(name !== "" && description !== "", form);
    const fields = body.filter(({ type }: { type: string }) => type !== "markdown");
    const labels = fields.map(({ attributes }: { attributes: { label: string } }) => attributes.label);
    assert.equal(new Set(labels).size, fields.length, form);
    assert.ok(fields.some(({ validations }: { validations?: { required: boolean } }) => validations?.required), form);
  }
});
