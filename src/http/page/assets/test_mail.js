/** A button that sends a test email with the saved settings and shows the result. */
import { h, p } from "./dom.js";
import { button, notice, trouble } from "./parts.js";
import { sentence, shown } from "./words.js";

/** @typedef {import("./app.js").Page} Page */

/** @param {Page} page @param {() => boolean} isDirty Whether the form has unsaved changes. */
export function testMail(page, isDirty) {
  const hint = h("p", { class: "field-help", id: "test-mail-help" });
  const result = h("div", { role: "status", id: "test-mail-result" });
  const go = button("Send test email", () => void send(), { id: "test-mail", "aria-describedby": "test-mail-help" });
  const words = h("div", { class: "field-words" }, h("span", { class: "field-label" }, "Test"), hint);
  return { element: h("div", { class: "field" }, words, h("div", { class: "field-editor" }, go, result)), update };

  function update() {
    go.disabled = isDirty();
    hint.textContent = go.disabled
      ? "Save first. The test uses the saved settings."
      : "Sends an email now and shows the result.";
  }

  async function send() {
    go.disabled = true;
    result.replaceChildren(p("Sending…"));
    try {
      const { sent, text } = await page.api.post("settings/test-mail");
      result.replaceChildren(notice(sent ? "good" : "bad", p(shown(sentence(text)))));
    } catch (error) {
      result.replaceChildren(trouble(error));
    }
    update();
  }
}
