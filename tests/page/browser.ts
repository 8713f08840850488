/**
 * A real browser for the page tests: Debian's Chromium. Requests to other machines are refused. The browser object
 * records all refused requests and all errors printed by the page.
 */
import assert from "node:assert/strict";
import axe from "axe-core";
import { type Browser, type BrowserContextOptions, chromium, type Locator, type Page } from "playwright-core";

const CHROMIUM = Deno.env.get("ROSTERD_CHROMIUM") ?? "/usr/bin/chromium";
const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Why no browser can be started; null if one is available. */
export async function browserUnavailable(): Promise<string | null> {
  try {
    await Deno.stat(CHROMIUM);
    return null;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return `${CHROMIUM} is missing. Run apt-get install chromium`;
  }
}

export async function startBrowser(): Promise<Browser> {
  return await chromium.launch({ executablePath: CHROMIUM, chromiumSandbox: false, args: FLAGS });
}

export interface Visit {
  readonly page: Page;
  /**
   * Asserts that the page printed no errors and called no other servers. Responses with the given statuses are allowed.
   */
  assertQuiet(...wantedStatuses: number[]): void;
}

/** A new tab that shares no data with other tabs. */
export async function visit(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Visit> {
  const context = await browser.newContext({ locale: "en-GB", timezoneId: "UTC", reducedMotion: "reduce", ...options });
  const complaints: string[] = [];
  await context.route((address) => !isOwn(address, url), (route) => {
    complaints.push(`asked ${route.request().url()}`);
    return route.abort();
  });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  page.on("pageerror", (error) => complaints.push(`threw ${error.stack ?? error.message}`));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  page.on("dialog", (dialog) => {
    complaints.push(`asked "${dialog.message()}"`);
    return dialog.dismiss();
  });
  await page.goto(url);
  return {
    page,
    assertQuiet(...wantedStatuses) {
      const wanted = wantedStatuses.map((status) => `the server responded with a status of ${status} `);
      assert.deepEqual(complaints.filter((text) => !wanted.some((words) => text.includes(words))), []);
    },
  };
}

function isOwn(address: URL, url: string): boolean {
  return address.origin === new URL(url).origin || address.protocol === "blob:";
}

/** Signs in and waits until the first view appears. */
export async function signIn(page: Page, token: string): Promise<void> {
  await page.getByLabel("Token").fill(token);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Overview" }).waitFor();
}

/** Opens an address. Resolves when the view with this heading appears. */
export async function go(page: Page, hash: string, heading: string | RegExp): Promise<void> {
  await page.evaluate(`void (location.hash = ${JSON.stringify(hash)})`);
  await page.getByRole("heading", { level: 1, name: heading }).waitFor();
}

/** Whether the element has focus. */
export async function hasFocus(element: Locator): Promise<boolean> {
  return await element.and(element.page().locator(":focus")).count() === 1;
}

/** The serious and critical accessibility violations that axe finds. */
export async function barriers(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate<axe.AxeResults>("axe.run(document)");
  return violations.filter(({ impact }) => impact === "serious" || impact === "critical").flatMap((
    { id, help, nodes },
  ) => nodes.map(({ html, failureSummary }) => `${id}: ${help}: ${html}\n  ${failureSummary}`));
}

/** Finds elements whose content is too wide and therefore scrolls sideways or is cut off. */
export const TOO_WIDE =
  `[document.documentElement, ...document.querySelectorAll("main table, main td, main th, main .notice")]
  .filter((element) => element.scrollWidth > element.clientWidth)
  .map((element) => element.tagName + " " + element.textContent.slice(0, 80))`;

/** Finds words of up to 24 letters and digits that are split by a line break. */
export const BROKEN_WORDS = `(() => {
  const found = [], range = document.createRange();
  const texts = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
  for (let text = texts.nextNode(); text !== null; text = texts.nextNode()) {
    for (const { 0: word, index } of text.data.matchAll(/[\\p{L}\\p{N}]+/gu)) {
      if (word.length > 24) continue;
      range.setStart(text, index);
      range.setEnd(text, index + word.length);
      const tops = new Set([...range.getClientRects()].map(({ top }) => Math.round(top)));
      if (tops.size > 1) found.push(word + " in " + text.data.slice(0, 80));
    }
  }
  return found;
})()`;

/** The font size and weight of all visible text, such as "16px" and "400". */
export const TYPE = `(() => {
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), all = new Set();
  for (let text = texts.nextNode(); text !== null; text = texts.nextNode()) {
    const { parentElement: element } = text;
    if (text.data.trim() === "" || !element.checkVisibility() || element.closest("svg, .visually-hidden") !== null) continue;
    const { fontSize, fontWeight } = getComputedStyle(element);
    all.add(fontSize).add(fontWeight);
  }
  return [...all];
})()`;
