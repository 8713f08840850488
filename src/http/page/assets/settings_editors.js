/**
 * One editor for each kind of setting. An editor shows a value, returns the edited value, and has a control to focus.
 */
import { h } from "./dom.js";
import { button } from "./parts.js";

/**
 * @typedef {object} Editor
 * @property {HTMLElement} element
 * @property {HTMLElement} control The control that gets the focus, and is marked if the value is refused.
 * @property {boolean} isGroup Whether the editor has several controls, and therefore needs a legend instead of a label.
 * @property {() => unknown} get
 * @property {(value: any) => void} set
 * @property {(value: unknown) => void} [setCommon] Shows the value for all feeds, which the feed uses unless it
 * overrides the setting.
 */

/** @typedef {{ id: string, describedBy: string }} Place */

/**
 * A text field for numbers. The page sends any other text unchanged, so that the service can explain the error.
 * @param {Place} place @param {string} [unit]
 * @returns {Editor}
 */
export function numberEditor({ id, describedBy }, unit) {
  const input = h("input", {
    id,
    type: "text",
    inputmode: "decimal",
    class: "short",
    "aria-describedby": describedBy,
    autocomplete: "off",
  });
  const element = unit === undefined
    ? input
    : h("div", { class: "with-unit" }, input, h("span", { class: "unit" }, unit));
  return {
    element,
    control: input,
    isGroup: false,
    get: () => (/^-?\d+([.]\d+)?$/.test(input.value.trim()) ? Number(input.value) : input.value.trim()),
    set: (value) => void (input.value = String(value)),
  };
}

/** @param {Place} place @returns {Editor} */
export function textEditor({ id, describedBy }) {
  const input = h("input", {
    id,
    type: "text",
    "aria-describedby": describedBy,
    autocomplete: "off",
    spellcheck: "false",
  });
  return plain(input);
}

/**
 * A write-only field, because the page never gets the stored password. An empty field keeps the password.
 * @param {Place} place @returns {Editor}
 */
export function passwordEditor({ id, describedBy }) {
  let kept = "";
  const input = h("input", { id, type: "password", "aria-describedby": describedBy, autocomplete: "new-password" });
  const forget = h("input", { type: "checkbox", id: `${id}-forget` });
  const forgetting = h(
    "div",
    { class: "choice" },
    forget,
    h("label", { for: `${id}-forget` }, "Remove the stored password"),
  );
  return {
    element: h("div", null, input, forgetting),
    control: input,
    isGroup: false,
    get: () => (input.value !== "" ? input.value : forget.checked ? "" : kept),
    set: (value) => {
      kept = value;
      input.value = "";
      forget.checked = false;
      forgetting.hidden = kept === "";
      input.placeholder = kept === "" ? "none" : "stored; leave empty to keep it";
    },
  };
}

/** @param {Place} place @param {readonly string[]} values @param {Record<string, string>} words @returns {Editor} */
export function choiceEditor({ id }, values, words) {
  const inputs = values.map((value, index) =>
    h("input", { type: "radio", name: id, value, id: index === 0 ? id : `${id}-${value}` })
  );
  const rows = inputs.map((input) =>
    h("div", { class: "choice" }, input, h("label", { for: input.id }, words[input.value] ?? input.value))
  );
  return {
    element: h("div", { class: "choices" }, rows),
    control: inputs[0],
    isGroup: true,
    get: () => inputs.find(({ checked }) => checked)?.value ?? "",
    set: (value) => inputs.forEach((input) => void (input.checked = input.value === value)),
  };
}

/**
 * Two labeled choices, because they are clearer than a checkbox.
 * @param {Place} place @param {Record<string, string>} words @returns {Editor}
 */
export function switchEditor(place, words) {
  const editor = choiceEditor(place, ["false", "true"], { false: "Off", true: "On", ...words });
  return { ...editor, get: () => editor.get() === "true", set: (value) => editor.set(String(value)) };
}

/**
 * An editor with a single control, whose text is the value.
 * @param {HTMLInputElement | HTMLSelectElement} control @returns {Editor}
 */
function plain(control) {
  return {
    element: control,
    control,
    isGroup: false,
    get: () => control.value,
    set: (value) => void (control.value = value),
  };
}

/** @param {Place} place @param {readonly string[]} values @returns {Editor} */
export function selectEditor({ id, describedBy }, values) {
  const select = h(
    "select",
    { id, "aria-describedby": describedBy },
    values.map((value) => h("option", { value }, value)),
  );
  return plain(select);
}

/**
 * Lets a feed use the value for all feeds or override it. The value is undefined unless the feed overrides the setting.
 * @param {Place} place @param {Editor} inner @param {(value: unknown) => string} words @returns {Editor}
 */
export function overrideEditor({ id }, inner, words) {
  const same = h("input", { type: "checkbox", id: `${id}-same` });
  const common = h("span", { class: "faint" });
  const own = h("div", null, inner.element);
  if (!inner.isGroup) inner.control.setAttribute("aria-labelledby", `${id}-label`);
  /** @type {unknown} */
  let everywhere;
  const show = () => void (own.hidden = same.checked);
  same.addEventListener("change", () => {
    // The entries of a feed are added to the entries for all feeds, so an object begins empty.
    const isObject = typeof everywhere === "object" && !Array.isArray(everywhere);
    if (!same.checked) inner.set(isObject ? {} : everywhere);
    show();
  });
  const label = h("label", { for: same.id }, "Same as all feeds ", common);
  return {
    element: h("div", null, h("div", { class: "choice" }, same, label), own),
    get control() {
      return same.checked ? same : inner.control;
    },
    isGroup: true,
    get: () => same.checked ? undefined : inner.get(),
    set: (value) => {
      same.checked = value === undefined;
      if (value !== undefined) inner.set(value);
      show();
    },
    setCommon: (value) => {
      everywhere = value;
      common.textContent = `(${words(value)})`;
    },
  };
}

/** One value per line. @param {Place} place @returns {Editor} */
export function linesEditor({ id, describedBy }) {
  const area = h("textarea", {
    id,
    rows: "4",
    "aria-describedby": describedBy,
    spellcheck: "false",
    placeholder: "one per line",
  });
  return {
    element: area,
    control: area,
    isGroup: false,
    get: () => area.value.split("\n").map((line) => line.trim()).filter((line) => line !== ""),
    set: (value) => {
      area.value = value.join("\n");
      area.rows = Math.min(12, Math.max(3, value.length + 1));
    },
  };
}

/** @param {Place} place @param {readonly string[]} columns @returns {Editor} */
export function columnsEditor({ id }, columns) {
  const inputs = columns.map((name, index) =>
    h("input", { type: "checkbox", value: name, id: index === 0 ? id : `${id}-${name}` })
  );
  const rows = inputs.map((input) =>
    h("div", { class: "choice" }, input, h("label", { for: input.id }, h("code", null, input.value)))
  );
  /** @type {string[]} Columns in the stored settings that the form does not offer. */
  let others = [];
  return {
    element: h("div", { class: "columns" }, rows),
    control: inputs[0],
    isGroup: true,
    get: () => [...others, ...inputs.filter(({ checked }) => checked).map(({ value }) => value)],
    set: (value) => {
      others = value.filter((/** @type {string} */ name) => !inputs.some((input) => input.value === name));
      inputs.forEach((input) => void (input.checked = value.includes(input.value)));
    },
  };
}

/** One row for each header and its column. @param {Place} place @param {readonly string[]} columns @returns {Editor} */
export function aliasesEditor(place, columns) {
  return rowsEditor(place, "Add a header", [{ label: "Header in the roster" }, { label: "Column", options: columns }], {
    toRows: (value) => Object.entries(value),
    fromRows: (rows) => Object.fromEntries(rows),
  });
}

/**
 * One row for each column and its default.
 * @param {Place} place @param {readonly string[]} columns @returns {Editor}
 */
export function defaultsEditor(place, columns) {
  return rowsEditor(place, "Add a default", [{ label: "Column", options: columns }, { label: "Value" }], {
    toRows: (value) => Object.entries(value),
    fromRows: (rows) => Object.fromEntries(rows),
  });
}

/** One row for each value of a column. @param {Place} place @param {readonly string[]} columns @returns {Editor} */
export function valueMapsEditor(place, columns) {
  const cells = [{ label: "Column", options: columns }, { label: "Value in the roster" }, { label: "Value to store" }];
  return rowsEditor(place, "Add a value", cells, {
    toRows: (value) =>
      Object.entries(value).flatMap(([column, map]) => Object.entries(map).map(([from, to]) => [column, from, to])),
    fromRows: (rows) => {
      const byColumn = Map.groupBy(rows, ([column]) => column);
      return Object.fromEntries(
        [...byColumn].map(([column, rows]) => [column, Object.fromEntries(rows.map(([, from, to]) => [from, to]))]),
      );
    },
  });
}

/**
 * A field of a row: free text, or a choice of columns.
 * @typedef {{ label: string, options?: readonly string[] }} Cell
 */

/**
 * @typedef {object} RowsOf
 * @property {(value: any) => readonly (readonly string[])[]} toRows The values of each row.
 * @property {(rows: readonly (readonly string[])[]) => unknown} fromRows
 */

/** A table with one row for each entry. @param {Place} place @param {string} label @param {readonly Cell[]} cells @param {RowsOf} rowsOf @returns {Editor} */
function rowsEditor({ id }, label, cells, { toRows, fromRows }) {
  const rows = h("div", { class: "entries" });
  const changed = () => rows.dispatchEvent(new Event("input", { bubbles: true }));
  const add = button(label, () => {
    fieldsOf(addRow(cells.map(() => "")))[0].focus();
    changed();
  }, { id, class: "button small" });

  /** @param {readonly string[]} values */
  function addRow(values) {
    const remove = button("Remove", () => {
      row.remove();
      changed();
      add.focus();
    }, { class: "button small" });
    const fields = cells.map((cell, at) => rowField(cell, values[at]));
    const last = fields.length - 1;
    const row = h(
      "div",
      { class: `entry of-${fields.length}` },
      fields.slice(0, last),
      h("span", { "aria-hidden": "true" }, "→"),
      fields[last],
      remove,
    );
    rows.append(row);
    return row;
  }

  return {
    element: h("div", null, rows, add),
    control: add,
    isGroup: true,
    get: () => {
      const all = [...rows.children].map((row) => fieldsOf(row).map(({ value }) => value.trim()));
      return fromRows(all.filter((values) => values.some((value) => value !== "")));
    },
    set: (value) => {
      rows.replaceChildren();
      for (const values of toRows(value)) addRow(values);
    },
  };
}

/** @param {Element} row @returns {(HTMLInputElement | HTMLSelectElement)[]} */
function fieldsOf(row) {
  return [...row.querySelectorAll("input, select")].map((
    field,
  ) => /** @type {HTMLInputElement | HTMLSelectElement} */ (field));
}

/** @param {Cell} cell @param {string} value */
function rowField({ label, options }, value) {
  if (options === undefined) {
    return h("input", { type: "text", value, "aria-label": label, placeholder: label, spellcheck: "false" });
  }
  const select = h(
    "select",
    { "aria-label": label },
    h("option", { value: "" }, "Choose a column"),
    // A column that the form does not offer stays unchanged.
    [...new Set([...options, ...(value === "" ? [] : [value])])].map((name) => h("option", { value: name }, name)),
  );
  select.value = value;
  return select;
}
