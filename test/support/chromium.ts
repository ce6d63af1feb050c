/** A real browser, without a window: Debian's Chromium, started for each file of tests that asks for it. */
import { existsSync } from "node:fs";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, it, onTestFinished } from "vitest";

const executablePath = process.env.AMPWIRE_CHROMIUM || "/usr/bin/chromium";
const missing = `there is no ${executablePath}: Debian has it as chromium; AMPWIRE_CHROMIUM names another`;

/** Nothing of its own on the network, and nothing that needs a screen. */
const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Runs the tests where there is a Chromium to run them with. In CI they fail without one, elsewhere they are skipped. */
export function describeWithChromium(name: string, tests: (open: () => Promise<Page>) => void): void {
  if (existsSync(executablePath)) {
    describe(name, () => tests(browserForTests()));
  } else if (process.env.CI === "true") {
    describe(name, () => {
      it("needs Chromium, and with CI=true may not be skipped", () => {
        throw new Error(missing);
      });
    });
  } else {
    console.warn(`\n*** SKIPPED: ${name}. ${missing}\n`);
    describe.skip(name, () => tests(() => Promise.reject(new Error(missing))));
  }
}

/** Opens pages: each alone, with nothing kept from another, and closed after its test. */
function browserForTests(): () => Promise<Page> {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath, args: ARGUMENTS, headless: true });
  }, 60_000);
  afterAll(() => browser.close());
  return async () => {
    const context = await browser.newContext({ viewport: { width: 720, height: 500 } });
    onTestFinished(() => context.close());
    return await context.newPage();
  };
}
