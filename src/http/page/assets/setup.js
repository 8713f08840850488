/**
 * Sets up the settings for an export: asks what its headers and values mean, then shows and applies the change.
 */
import { ApiError } from "./api.js";
import { h, p } from "./dom.js";
import { button, notice, section, trouble } from "./parts.js";
import { question } from "./setup_questions.js";
import { counted, sentence, shown } from "./words.js";

/** @typedef {import("./setup_questions.js").Finding} Finding */
/** @typedef {import("./setup_questions.js").Question} Question */
/** @typedef {import("./api.js").FieldError} FieldError */

/**
 * @typedef {object} Changes
 * @property {((patch: unknown) => Promise<void>) | null} apply Changes the settings, and checks the file again. Null
 * for users who may not change settings.
 * @property {(answers: Answers) => void} again Checks the file again, and keeps the answers.
 * @property {Answers} [answers] The answers to keep.
 */

/** @typedef {ReadonlyMap<string, string>} Answers Answers by the setting that they change. */

/** Returns null if there are no questions. @param {readonly Finding[]} findings @param {Changes} changes */
export function setup(findings, { apply, again, answers }) {
  if (findings.length === 0) return null;
  const questions = findings.map(question);
  if (answers !== undefined) keepAnswers(questions, answers);
  const groups = groupsOf(questions);
  const preview = h("pre", { id: "setup-patch", "aria-label": "Changes to the settings" });
  const message = h("div", { role: "status" });
  const go = h("button", { type: "submit", class: "button primary", id: "setup-apply" }, "Apply and check again");
  const outcome = h(
    "div",
    { class: "setup-outcome" },
    h("h3", null, "Changes to the settings"),
    preview,
    message,
    apply === null
      ? h("p", { class: "faint" }, "Only admins can change settings. Send these changes to an admin.")
      : h("div", null, go),
  );
  const form = h("form", { novalidate: true, class: "card setup" }, groups.map(({ element }) => element), outcome);
  form.addEventListener("input", changed);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void submit();
  });
  changed();
  return section(
    "check-setup",
    "Set up this export",
    h(
      "p",
      { class: "lead" },
      "Choose the meaning of the headers and values. The settings do not change until you apply your answers.",
    ),
    form,
  );

  function changed() {
    for (const one of questions) one.element.hidden = !isAsked(one, questions);
    for (const { element, questions } of groups) element.hidden = questions.every(({ element }) => element.hidden);
    const patch = patchOf(questions);
    preview.textContent = shownPatch(patch);
    outcome.hidden = Object.keys(patch).length === 0;
  }

  async function submit() {
    go.disabled = true;
    message.replaceChildren();
    for (const { refuse } of questions) refuse([]);
    try {
      await apply?.(patchOf(questions));
    } catch (error) {
      refused(error);
      go.disabled = false;
    }
  }

  /** @param {unknown} error */
  function refused(error) {
    if (error instanceof ApiError && error.status === 412) {
      const words = "The settings were changed elsewhere, so nothing was saved.";
      const retry = button("Check again", () => again(answersTo(questions)));
      message.replaceChildren(notice("attention", p(words), h("div", null, retry)));
    } else if (error instanceof ApiError && error.status === 422) showErrors(error.errors);
    else message.replaceChildren(trouble(error));
  }

  /** @param {readonly FieldError[]} errors */
  function showErrors(errors) {
    const of = (/** @type {Question} */ { finding }) => errors.filter(({ key }) => key === finding.setting?.join("."));
    const wrong = questions.filter((one) => of(one).length > 0);
    for (const one of wrong) one.refuse(of(one).map(({ message }) => sentence(message)));
    const others = errors.filter((error) => !wrong.some((one) => of(one).includes(error)));
    message.replaceChildren(
      notice(
        "bad",
        p(h("strong", null, "Nothing was saved."), wrong.length > 0 && " Please correct the marked answers."),
        others.map(({ key, message }) => p(shown(`${key} ${message}`))),
      ),
    );
    const first = wrong[0]?.control;
    first?.closest("details")?.setAttribute("open", "");
    first?.focus();
  }
}

/** @param {readonly Question[]} questions @returns {Answers} */
function answersTo(questions) {
  return new Map(questions.map(({ finding, answer }) => [settingOf(finding), answer()]));
}

/** @param {readonly Question[]} questions @param {Answers} answers */
function keepAnswers(questions, answers) {
  for (const { finding, control } of questions) {
    const answer = answers.get(settingOf(finding));
    if (control === null || answer === undefined) continue;
    control.value = answer;
    if (control.value !== answer) control.value = "";
  }
}

/** @param {Finding} finding */
function settingOf({ setting }) {
  return JSON.stringify(setting);
}

/**
 * A question about a value applies while its header is mapped to the column. A question about a default applies while
 * no header is mapped to the column.
 * @param {Question} question @param {readonly Question[]} all
 */
function isAsked({ finding }, all) {
  const { kind, header, column } = finding;
  const headers = all.filter(({ finding }) => finding.kind === "unknown_header");
  if (kind === "unknown_header") return true;
  if (kind === "missing_column") return !headers.some(({ answer }) => answer() === column);
  return headers.every(({ finding, answer }) => finding.header !== header || answer() === column);
}

/** All answers as an RFC 7396 merge patch. @param {readonly Question[]} questions */
function patchOf(questions) {
  /** @type {Map<string, unknown>} */
  const patch = new Map();
  for (const one of questions) {
    const { setting } = one.finding, value = one.answer();
    if (setting !== null && value !== "" && isAsked(one, questions)) put(patch, setting, value);
  }
  return plain(patch);
}

/** @param {Map<string, any>} patch @param {readonly string[]} path @param {string} value */
function put(patch, [key, ...inner], value) {
  if (inner.length === 0) return void patch.set(key, value);
  if (!patch.has(key)) patch.set(key, new Map());
  put(patch.get(key), inner, value);
}

/** @param {Map<string, any>} patch @returns {Record<string, unknown>} */
function plain(patch) {
  return Object.fromEntries([...patch].map(([key, value]) => [key, value instanceof Map ? plain(value) : value]));
}

/**
 * Formats a patch as JSON on several lines. Invisible characters other than line endings are made visible. @param
 * {unknown} patch
 */
function shownPatch(patch) {
  return JSON.stringify(patch, null, 2).split("\n").map(shown).join("\n");
}

/** @typedef {{ heading: string, isAside: boolean, questions: Question[], element: HTMLElement }} Group */

/**
 * Groups the questions, keeping their order. Headers without a suggestion are folded away, because most exports have
 * columns that rosterd does not need.
 * @param {readonly Question[]} questions @returns {Group[]}
 */
function groupsOf(questions) {
  const needsHeader = questions.some(({ finding }) => finding.kind === "missing_column" && finding.setting === null);
  const isAside = (/** @type {Question} */ { finding: { kind, suggestion } }) =>
    kind === "unknown_header" && suggestion === null && !needsHeader;
  const aside = questions.filter(isAside);
  const byHeading = Map.groupBy(questions.filter((one) => !isAside(one)), ({ finding }) => headingOf(finding));
  const groups = [...byHeading].map(([heading, questions]) => ({ heading, isAside: false, questions }));
  const unused = counted(aside.length, "header is not used", "headers are not used");
  const all = aside.length === 0 ? groups : [...groups, { heading: unused, isAside: true, questions: aside }];
  return all.map((group) => ({ ...group, element: groupElementOf(group) }));
}

/** @param {Finding} finding */
function headingOf({ kind, column }) {
  switch (kind) {
    case "unknown_header":
      return "Headers";
    case "missing_column":
      return "Missing columns";
    case "date_format":
      return "Dates";
    default:
      return `Values of ${column}`;
  }
}

/** @param {Omit<Group, "element">} group */
function groupElementOf({ heading, isAside, questions }) {
  const rows = questions.map(({ element }) => element);
  return isAside
    ? h("details", null, h("summary", null, heading), h("div", { class: "questions" }, rows))
    : h("fieldset", { class: "questions" }, h("legend", null, heading), rows);
}
