/** Builds the documentation site, checks its links, and visits every page in Chromium: console, accessibility, search. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { builtSite, serveSite, siteAddresses, siteFile } from "../support/built-site.ts";
import { describeWithChromium } from "../support/chromium.ts";

beforeAll(builtSite, 600_000);

const root = new URL("../../", import.meta.url).pathname;

/** Long pages, such as those of the API, are uniform: axe-core checks the beginning, because it is slow. */
const BEYOND_THE_BEGINNING = ".vp-doc > div > :nth-child(n + 200)";

/** The pages are visited in groups at the same time. */
const VISITORS = 2;

test("every link of the site leads to a page and an anchor that exist", () => {
  const pages = new Map(siteAddresses().map((address) => [address, linksAndAnchors(address)]));
  expect(pages.size).toBeGreaterThan(40);
  const broken = [...pages].flatMap(([address, { links }]) =>
    links
      .map((link) => ({ address, link, target: new URL(link, `http://site${address}`) }))
      .filter(({ target }) => target.host === "site")
      .filter(({ target: { pathname, hash } }) => {
        const anchors = pages.get(pathname)?.anchors;
        if (anchors === undefined) return siteFile(pathname) === undefined;
        return hash !== "" && !anchors.has(decodeURIComponent(hash.slice(1)));
      })
      .map(({ link }) => `${address}: ${link}`),
  );
  expect(broken).toEqual([]);
});

function linksAndAnchors(address: string) {
  const html = readFileSync(siteFile(address) ?? "", "utf8");
  const values = (name: string) =>
    [...html.matchAll(new RegExp(`\\s${name}="([^"]*)"`, "g"))].map(([, value = ""]) =>
      value.replaceAll("&amp;", "&"),
    );
  return { links: [...values("href"), ...values("src")], anchors: new Set(values("id")) };
}

describeWithChromium("the site in a browser", (open) => {
  let site: Awaited<ReturnType<typeof serveSite>>;
  beforeAll(async () => {
    site = await serveSite();
  });
  afterAll(() => site.close());

  test("no page writes an error to the console, is wider than a telephone, or has a fault that axe-core finds", async () => {
    const addresses = siteAddresses();
    const visits = Array.from({ length: VISITORS }, async (_, visitor) => {
      const page = await open();
      await page.emulateMedia({ reducedMotion: "reduce" });
      const problems = problemsOf(page);
      for (const address of addresses.filter((_, index) => index % VISITORS === visitor)) {
        await page.setViewportSize({ width: 390, height: 800 });
        await page.goto(site.url + address);
        const overflow = await page.evaluate<number>("document.documentElement.scrollWidth - innerWidth");
        if (overflow > 0) problems.push(`${address} is ${overflow} pixels too wide`);
        await page.setViewportSize({ width: 1280, height: 800 });
        problems.push(...(await accessibilityFaults(page)).map((fault) => `${address}: ${fault}`));
      }
      return problems;
    });
    expect((await Promise.all(visits)).flat()).toEqual([]);
  }, 300_000);

  test.each(["/", "/guides/starttls", "/reference/error-codes"])(
    "axe-core finds no fault in the dark theme of %s",
    async (address) => {
      const page = await open();
      await page.emulateMedia({ colorScheme: "dark", reducedMotion: "reduce" });
      await page.goto(site.url + address);
      expect(await page.locator("html.dark").count()).toBe(1);
      expect(await accessibilityFaults(page)).toEqual([]);
    },
    60_000,
  );

  test.each([
    ["UNKNOWN_REMOTE_ERROR", "/reference/error-codes#UNKNOWN_REMOTE_ERROR"],
    ["maxBytesInProgress", "/reference/options#maxBytesInProgress"],
    ["rotate certificates", "/guides/"],
    ["EADDRINUSE", "/guides/"],
    ["landscape", "/guides/"],
    ["OpenTelemetry", "/guides/monitoring"],
    ["the value is longer than its maxBytes", "/reference/error-codes#TOO_LONG"],
  ])("search finds %s among the first three results", async (text, address) => {
    const page = await open();
    await page.goto(`${site.url}/guides/starttls`);
    const input = page.locator("#localsearch-input");
    // The page listens for the key only when its scripts have run.
    const opened = async () => {
      await page.keyboard.press("Control+k");
      return await input.isVisible();
    };
    await expect.poll(opened, { timeout: 15_000 }).toBe(true);
    await input.fill(text);
    const results = page.locator("#localsearch-list a.result");
    await results.first().waitFor();
    const links = async () => (await results.all()).slice(0, 3).map((result) => result.getAttribute("href"));
    await expect
      .poll(async () => (await Promise.all(await links())).join(" "), { timeout: 15_000 })
      .toContain(address);
  });

  test("a word of a code block shows its type", async () => {
    const page = await open();
    await page.goto(`${site.url}/guides/starttls`);
    await page.locator(".twoslash-hover", { hasText: "serverCertificate" }).first().hover();
    expect(await page.locator(".type-tip").textContent()).toBe("const serverCertificate: PrivateCertificate");
    await page.keyboard.press("Escape");
    expect(await page.locator(".type-tip").isVisible()).toBe(false);
  });

  test("the table of options shows the rows that contain a text", async () => {
    const page = await open();
    await page.goto(`${site.url}/reference/options`);
    await page.fill("input[type=search]", "pauseTimeout");
    await expect
      .poll(() => page.locator("tbody tr:visible td:first-child a").allTextContents())
      .toEqual(["pauseTimeout"]);
  });
});

test("every page of docs/ is on the site, with a link to edit it", () => {
  const files = execFileSync("git", ["ls-files", "docs/*.md"], { cwd: root, encoding: "utf8" })
    .trim()
    .split("\n");
  const edited = siteAddresses().flatMap((address) =>
    linksAndAnchors(address).links.map((link) => /\/edit\/main\/(.*)$/.exec(link)?.[1]),
  );
  expect(files.filter((file) => file !== "docs/index.md" && !edited.includes(file))).toEqual([]);
});

/** Returns the source of axe-core. In a fresh clone, building the site installs it. */
function axe(): string {
  const { resolve } = createRequire(new URL("../../docs/package.json", import.meta.url));
  return readFileSync(resolve("axe-core/axe.min.js"), "utf8");
}

/** Runs axe-core in a page. Returns each fault with the first element that has it. */
async function accessibilityFaults(page: Page): Promise<string[]> {
  if (!(await page.evaluate('"axe" in window'))) await page.evaluate(axe());
  // A text, because the types of the tests do not include those of a page.
  return await page.evaluate<string[]>(`axe
    .run({ exclude: ["${BEYOND_THE_BEGINNING}"] }, { resultTypes: ["violations"] })
    .then(({ violations }) => violations.map(({ id, help, nodes: [first] }) => id + ": " + help + " " + first.html))`);
}

/** Errors in the console of the browser. */
function problemsOf(page: Page): string[] {
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(`${page.url()}: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error") problems.push(`${page.url()}: ${message.text()}`);
  });
  return problems;
}
