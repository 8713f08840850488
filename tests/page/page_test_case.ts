/** A page test with its own service and browser. Without Chromium or Postgres, the test is skipped. */
import type { BrowserContextOptions, Page } from "playwright-core";
import { serverUnavailable, type TestDatabase, testDatabase } from "../support/postgres.ts";
import { TestService, TOKEN } from "../support/service.ts";
import { browserUnavailable, signIn, startBrowser, type Visit, visit } from "./browser.ts";

const unavailable = await browserUnavailable() ?? await serverUnavailable();
if (unavailable !== null) console.error(`SKIPPED: the tests of the admin page in a browser: ${unavailable}`);

export interface Scene {
  service: TestService;
  database: TestDatabase;
  /** A new tab showing the page, not signed in. */
  tab(options?: BrowserContextOptions): Promise<Visit>;
  /** A new tab, signed in. */
  admin(options?: BrowserContextOptions): Promise<Visit>;
}

export interface SceneOptions {
  settings?: Record<string, unknown>;
  withoutMail?: boolean;
  /** Replaces the default way of starting the service. */
  start?: (databaseUrl: string) => Promise<TestService>;
}

/** Registers a test. `name` is a sentence that describes the page as a person sees it. */
export function pageTest(name: string, options: SceneOptions, fn: (scene: Scene) => Promise<void>): void {
  Deno.test({
    name,
    ignore: unavailable !== null,
    // Playwright keeps sockets and timers open.
    sanitizeOps: false,
    sanitizeResources: false,
    async fn() {
      await using database = (await testDatabase())!;
      const { settings, withoutMail } = options;
      await using service = options.start === undefined
        ? await TestService.start({ databaseUrl: database.url, settings, withoutMail })
        : await options.start(database.url);
      const browser = await startBrowser();
      try {
        const tab = (more?: BrowserContextOptions) => visit(browser, service.url, more);
        const admin = async (more?: BrowserContextOptions) => {
          const opened = await tab(more);
          await signIn(opened.page, TOKEN);
          return opened;
        };
        await fn({ service, database, tab, admin });
      } finally {
        await browser.close();
      }
    },
  });
}

/** The visible text of one element. */
export async function textOf(page: Page, selector: string): Promise<string> {
  return (await page.locator(selector).innerText()).trim();
}
