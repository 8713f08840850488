/** The fields of the form: label, explanation, editor and errors of each setting. */
import { h } from "./dom.js";
import {
  aliasesEditor,
  choiceEditor,
  columnsEditor,
  defaultsEditor,
  linesEditor,
  numberEditor,
  overrideEditor,
  passwordEditor,
  selectEditor,
  switchEditor,
  textEditor,
  valueMapsEditor,
} from "./settings_editors.js";
import { GROUPS } from "./settings_layout.js";
import { inWords } from "./settings_patch.js";

/** @typedef {import("../assets.ts").Description} Description */
/** @typedef {import("../assets.ts").SettingsSchema} Schema */
/** @typedef {import("./api.js").FieldError} FieldError */
/** @typedef {import("./settings_editors.js").Editor} Editor */
/** @typedef {import("./settings_layout.js").Item} Item */
/** @typedef {import("./settings_layout.js").Group} Group */

/**
 * @typedef {object} Field
 * @property {string} key
 * @property {string} label
 * @property {HTMLElement} element
 * @property {Editor} editor
 * @property {(messages: readonly string[]) => void} refuse Shows error messages. An empty list clears them.
 */

/**
 * The groups with their fields. Settings without a group come last.
 * @param {Description} description
 * @param {boolean} ofFeed Whether to show only the settings that a feed can have, each with the option to use the value
 * for all feeds.
 * @returns {{ group: Group, fields: Field[] }[]}
 */
export function settingsFields(description, ofFeed) {
  const schemas = flatSchemas(description.settings);
  schemas.delete("feeds");
  if (ofFeed) {
    const own = flatSchemas(description.settings.properties?.feeds.additionalProperties ?? {});
    return GROUPS.map((group) => ({ group, items: group.items.filter(({ key }) => own.has(key)) }))
      .filter(({ items }) => items.length > 0)
      .map(({ group, items }) => ({
        group,
        fields: items.map((item) => field(item, schemas.get(item.key) ?? {}, description, true)),
      }));
  }
  const known = new Set(GROUPS.flatMap(({ items }) => items.map(({ key }) => key)));
  const others = [...schemas.keys()].filter((key) => !known.has(key)).map((key) => ({ key, label: key }));
  const groups = others.length === 0 ? GROUPS : [...GROUPS, { id: "others", heading: "Other settings", items: others }];
  return groups.map((group) => ({
    group,
    fields: group.items.map((item) => field(item, schemas.get(item.key) ?? {}, description)),
  }));
}

/** @param {Schema} settings @returns {Map<string, Schema>} */
function flatSchemas(settings) {
  return new Map(
    Object.entries(settings.properties ?? {}).flatMap(([key, schema]) =>
      schema.properties === undefined ? [[key, schema]] : Object.entries(schema.properties).map((
        [inner, each],
      ) => /** @type {[string, Schema]} */ ([`${key}.${inner}`, each]))
    ),
  );
}

/** @param {Item} item @param {Schema} schema @param {Description} description @param {boolean} [ofFeed] @returns {Field} */
function field(item, schema, description, ofFeed = false) {
  const id = `setting-${item.key.replaceAll(/[._]/g, "-")}`;
  const error = h("p", { class: "field-error", id: `${id}-error` });
  const help = h(
    "p",
    { class: "field-help", id: `${id}-help` },
    item.help ?? schema.description ?? "",
    ofFeed ? null : defaultWords(item, schema),
  );
  const place = { id, describedBy: `${id}-help ${id}-error` }, inner = editorOf(item, schema, description, place);
  const editor = ofFeed
    ? overrideEditor(place, inner, (value) => item.words?.[String(value)] ?? inWords(value))
    : inner;
  const element = h(
    "div",
    // A group of controls needs a separate name.
    { class: "field", ...(editor.isGroup && { role: "group", "aria-labelledby": `${id}-label` }) },
    h(
      "div",
      { class: "field-words" },
      editor.isGroup
        ? h("span", { class: "field-label", id: `${id}-label` }, item.label)
        : h("label", { class: "field-label", for: id }, item.label),
      help,
    ),
    h("div", { class: "field-editor" }, editor.element, error),
  );
  if (editor.isGroup) element.setAttribute("aria-describedby", `${id}-help ${id}-error`);
  return {
    key: item.key,
    label: item.label,
    element,
    editor,
    refuse(messages) {
      error.textContent = messages.join(" ");
      element.classList.toggle("refused", messages.length > 0);
      if (messages.length > 0) editor.control.setAttribute("aria-invalid", "true");
      else editor.control.removeAttribute("aria-invalid");
    },
  };
}

/** @param {Item} item @param {Schema} schema */
function defaultWords({ words, editor }, schema) {
  if (schema.default === undefined || editor === "password" || isNothing(schema.default)) return null;
  const value = words?.[String(schema.default)] ?? inWords(schema.default);
  return h("span", { class: "default" }, ` Default: ${value}.`);
}

/** Whether a default is an empty string, list or table, which the empty field already shows. @param {unknown} value */
function isNothing(value) {
  return value === "" || typeof value === "object" && value !== null && Object.keys(value).length === 0;
}

/** @param {Item} item @param {Schema} schema @param {Description} description @param {import("./settings_editors.js").Place} place */
function editorOf({ unit, editor, words = {}, without = [] }, schema, description, place) {
  const columns = description.columns.map(({ name }) => name).filter((name) => !without.includes(name));
  switch (editor) {
    case "lines":
      return linesEditor(place);
    case "columns":
      return columnsEditor(place, columns);
    case "aliases":
      return aliasesEditor(place, columns);
    case "value_maps":
      return valueMapsEditor(place, columns);
    case "defaults":
      return defaultsEditor(place, columns);
    case "password":
      return passwordEditor(place);
    case "select":
      return selectEditor(place, schema.enum ?? []);
  }
  if (schema.enum !== undefined) return choiceEditor(place, schema.enum, words);
  if (schema.type === "boolean") return switchEditor(place, words);
  if (schema.type === "integer" || schema.type === "number") return numberEditor(place, unit);
  return textEditor(place);
}

/**
 * Shows errors beside their fields. Returns the refused fields, and the errors that belong to no field.
 * @param {readonly Field[]} fields
 * @param {readonly FieldError[]} errors
 */
export function showErrors(fields, errors) {
  /** @type {Map<Field, string[]>} */
  const refused = new Map();
  /** @type {string[]} */
  const others = [];
  for (const { key, message } of errors) {
    const field = fields.find((each) => key === each.key) ?? fields.find((each) => key.startsWith(`${each.key}.`));
    if (field === undefined) others.push(key === "" ? message : `${key} ${message}`);
    else refused.set(field, [...refused.get(field) ?? [], beside(field, key, message)]);
  }
  for (const field of fields) field.refuse(refused.get(field) ?? []);
  return { refused: [...refused.keys()], others };
}

/** An error as a sentence, with the refused value in quotes if the field has several values. @param {Field} field @param {string} key @param {string} message */
function beside({ key: own, editor }, key, message) {
  const inner = key.slice(own.length + 1);
  const value = editor.get();
  const which = inner === "" ? "" : Array.isArray(value) ? `“${value[Number(inner)] ?? inner}” ` : `“${inner}” `;
  const text = `${which}${message}`;
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
