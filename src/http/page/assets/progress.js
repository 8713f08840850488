/** The progress of the running import. */
import { h, link } from "./dom.js";
import { feedPath } from "./feed.js";
import { data } from "./parts.js";
import { counted, size, STAGE_WORDS } from "./words.js";

/** @typedef {import("../../service.ts").StatusDocument} StatusDocument */

/** @param {StatusDocument["running"]} running */
export function progress(running) {
  if (running === null) return null;
  const { id, stage, bytes, total_bytes, records } = running;
  const file = feedPath(running);
  // Merging cannot be measured in bytes, and a full bar would look stuck.
  const isMeasured = stage === "examining" || stage === "reading";
  const value = isMeasured && total_bytes > 0 ? { value: String(bytes), max: String(total_bytes) } : {};
  const amount = [
    isMeasured ? `${size(bytes)} of ${size(total_bytes)}` : "",
    records > 0 ? counted(records, "record") : "",
  ];
  return h(
    "div",
    { class: "running" },
    h(
      "p",
      { class: "running-file" },
      id === null ? data(file) : link(`#/imports/${id}`, data(file)),
      " is being imported",
    ),
    h("progress", { ...value, "aria-label": "Progress of the import" }),
    h(
      "p",
      { class: "running-words" },
      h("span", null, STAGE_WORDS[stage]),
      h("span", null, amount.filter((part) => part !== "").join(", ")),
    ),
  );
}
