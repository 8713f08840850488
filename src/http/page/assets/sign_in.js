/** The sign-in, which asks for the token. */
import { h, p } from "./dom.js";
import { ApiError } from "./api.js";
import { counted } from "./words.js";

/** @typedef {import("./api.js").Api} Api */

const WRONG = "This token is not valid.";

/**
 * @param {Api} api
 * @param {string | null} why Why the user was signed out; null on the first sign-in.
 * @param {() => void} onSignedIn
 */
export function signIn(api, why, onSignedIn) {
  const input = h("input", {
    type: "password",
    id: "token",
    required: true,
    autocomplete: "off",
    autocapitalize: "off",
    spellcheck: "false",
    "aria-describedby": "token-help token-error",
  });
  const error = h("p", { class: "field-error", id: "token-error", role: "alert" }, why);
  const go = h("button", { class: "button primary", type: "submit" }, "Sign in");
  const form = h(
    "form",
    { class: "sign-in-form", novalidate: true },
    h("label", { for: "token" }, "Token"),
    input,
    error,
    go,
    h(
      "div",
      { class: "help", id: "token-help" },
      p("Enter your own token, or open a sign-in link. To find the admin token, run this where rosterd runs:"),
      h("pre", null, h("code", null, "rosterd token")),
      p("The token is kept in this tab only and forgotten when you close it."),
    ),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void submit();
  });
  return h(
    "main",
    { class: "sign-in", id: "main" },
    h("img", { src: "assets/icon.svg", alt: "", width: "48", height: "48" }),
    h("h1", null, "rosterd"),
    form,
  );

  async function submit() {
    const token = input.value.trim();
    if (token === "") return refuse("Enter the token.");
    // An HTTP header cannot contain other characters.
    if (!/^[\x21-\x7e]+$/.test(token)) return refuse(WRONG);
    go.disabled = true;
    try {
      api.session.begin(token, await api.holder(token));
      onSignedIn();
    } catch (error) {
      refuse(words(error));
    }
    go.disabled = false;
  }

  /** @param {string} text */
  function refuse(text) {
    error.textContent = text;
    input.setAttribute("aria-invalid", "true");
    input.select();
  }
}

/** @param {unknown} error */
function words(error) {
  if (!(error instanceof ApiError) || error.status === 401) return WRONG;
  if (error.status === 429) return `Too many wrong tokens. Try again in ${counted(error.retryAfter ?? 60, "second")}.`;
  return error.message;
}
