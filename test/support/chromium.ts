/** Debian's Chromium, headless, started for each test file that uses it. */
import { existsSync } from "node:fs";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, onTestFinished } from "vitest";
import { describeWith, type Need } from "./needs.ts";

const executablePath = process.env.AMPWIRE_CHROMIUM || "/usr/bin/chromium";

/** Disables Chromium's own network traffic and everything that needs a screen. */
const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const CHROMIUM: Need = {
  what: "Chromium",
  there: () => existsSync(executablePath),
  missing: `there is no ${executablePath}: Debian has it as chromium; AMPWIRE_CHROMIUM names another`,
};

/** Runs the tests if Chromium is installed. */
export function describeWithChromium(name: string, tests: (open: () => Promise<Page>) => void): void {
  describeWith([CHROMIUM], name, () => tests(browserForTests()));
}

/** Opens pages. Each has a context of its own, and is closed after its test. */
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
