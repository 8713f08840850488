/** Opens the page that checks a file, then chooses or drops one. */
import { Buffer } from "node:buffer";
import type { Page } from "playwright-core";
import { go, type Visit } from "./browser.ts";
import type { Scene } from "./page_test_case.ts";

export async function checkPage(scene: Scene): Promise<Visit> {
  const visit = await scene.admin();
  await go(visit.page, "#/check", "Check a file");
  return visit;
}

export async function choose(page: Page, name: string, content: string): Promise<void> {
  await page.locator("#file").setInputFiles({ name, mimeType: "text/csv", buffer: Buffer.from(content) });
}

/** Drops a file by sending the events that a browser would. */
export async function drop(page: Page, name: string, content: string, on = ".drop"): Promise<void> {
  const file = `new File([${JSON.stringify(content)}], ${JSON.stringify(name)}, { type: "text/csv" })`;
  const dropped = await page.evaluateHandle(
    `{ const dropped = new DataTransfer(); dropped.items.add(${file}); dropped }`,
  );
  await page.locator(on).dispatchEvent("dragover", { dataTransfer: dropped });
  await page.locator(on).dispatchEvent("drop", { dataTransfer: dropped });
}
