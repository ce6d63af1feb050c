/** Builds the documentation site, checks its links, and visits every page in Chromium: console, accessibility, search. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { builtSite, serveSite, siteAddresses, siteFile } from "../support/built-site.ts";
import { describeWithChromium } from "../support/chromium.ts";
import { SEARCHES } from "./searches.ts";
import { accessibilityFaults, axePath, openSearch, problemsOf, siteSearch, visit } from "./site-visits.ts";

beforeAll(builtSite, 600_000);

const root = new URL("../../", import.meta.url).pathname;

/** The pages are visited in groups at the same time. */
const VISITORS = 2;

/** Phrases, each with the beginning of the address of a result. */
const IN_THE_BROWSER = [
  ["UNKNOWN_REMOTE_ERROR", "/reference/error-codes#UNKNOWN_REMOTE_ERROR"],
  ["maxBytesInProgress", "/reference/options#maxBytesInProgress"],
  ["rotate certificates", "/guides/"],
  ["EADDRINUSE", "/guides/"],
  ["landscape", "/guides/"],
  ["OpenTelemetry", "/guides/monitoring"],
  ["the value is longer than its maxBytes", "/reference/error-codes#TOO_LONG"],
] as const;

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

test("the index of the search finds what users type among the first three results", async () => {
  const firstResults = await siteSearch();
  const missing = SEARCHES.map(([phrase, address]) => ({ phrase, address, results: firstResults(phrase) }))
    .filter(({ address, results }) => !results.some((result) => result.startsWith(address)))
    .map(({ phrase, results }) => `${phrase}: ${results.join(", ")}`);
  expect(missing).toEqual([]);
});

describeWithChromium("the site in a browser", (open) => {
  let site: Awaited<ReturnType<typeof serveSite>>;
  beforeAll(async () => {
    site = await serveSite(new Map([["/axe.js", axePath()]]));
  });
  afterAll(() => site.close());

  test("no page writes an error to the console, is wider than a telephone, or has a fault that axe-core finds", async () => {
    const addresses = siteAddresses();
    const sectionOf = (address: string) => address.split("/")[1];
    const first = await open();
    const visits = Array.from({ length: VISITORS }, async (_, visitor) => {
      const page = visitor === 0 ? first : await first.context().newPage();
      await page.emulateMedia({ reducedMotion: "reduce" }); // axe-core must not see a color during its transition
      const problems = problemsOf(page);
      for (const [index, address] of addresses.entries()) {
        if (index % VISITORS !== visitor) continue;
        await page.setViewportSize({ width: 360, height: 800 });
        await visit(page, site.url + address);
        const overflow = await page.evaluate<number>("document.documentElement.scrollWidth - innerWidth");
        if (overflow > 0) problems.push(`${address} is ${overflow} pixels too wide`);
        await page.setViewportSize({ width: 1280, height: 800 });
        const isFirst = addresses.findIndex((other) => sectionOf(other) === sectionOf(address)) === index;
        const faults = await accessibilityFaults(page, isFirst ? "whole" : "content");
        problems.push(...faults.map((fault) => `${address}: ${fault}`));
      }
      return problems;
    });
    expect((await Promise.all(visits)).flat()).toEqual([]);
  }, 300_000);

  test("axe-core finds no fault in the dark theme", async () => {
    const page = await open();
    await page.emulateMedia({ colorScheme: "dark", reducedMotion: "reduce" });
    for (const address of ["/", "/guides/starttls", "/reference/error-codes"]) {
      await visit(page, site.url + address);
      expect(await page.locator("html.dark").count()).toBe(1);
      expect(await accessibilityFaults(page)).toEqual([]);
    }
  }, 60_000);

  test("axe-core finds no fault on a narrow screen, where tables and diagrams have another form", async () => {
    const page = await open();
    await page.emulateMedia({ reducedMotion: "reduce" });
    await page.setViewportSize({ width: 360, height: 800 });
    for (const address of ["/", "/background/upgrade", "/reference/options"]) {
      await visit(page, site.url + address);
      expect(await accessibilityFaults(page, "content")).toEqual([]);
    }
    const letters = page.locator(".wide td").first();
    expect((await letters.boundingBox())?.width).toBeLessThan(360);
    await visit(page, `${site.url}/background/upgrade`);
    expect((await page.locator(".diagram img").first().boundingBox())?.width).toBeGreaterThanOrEqual(600);
  }, 60_000);

  test("a printed page has its code and no navigation", async () => {
    const page = await open();
    await visit(page, `${site.url}/`);
    await page.emulateMedia({ media: "print" });
    expect(await page.locator(".VPNav").isVisible()).toBe(false);
    // Tabs that are not selected are printed too.
    expect(await page.locator(".vp-code-group pre:visible").count()).toBe(3);
    expect(await page.evaluate("getComputedStyle(document.querySelector('pre code')).whiteSpace")).toBe(
      "pre-wrap",
    );
  });

  test("the search of a page finds error codes, options, messages and words of the guides among the first three results", async () => {
    const page = await open();
    await visit(page, `${site.url}/guides/starttls`);
    const firstResults = await openSearch(page);
    for (const [phrase, address] of IN_THE_BROWSER) {
      const results = await firstResults(phrase);
      expect(
        results.some((result) => result.startsWith(address)),
        `${phrase}: ${results}`,
      ).toBe(true);
    }
  }, 60_000);

  test("a word of a code block shows its type to a pointer and to the keyboard", async () => {
    const page = await open();
    await visit(page, `${site.url}/guides/starttls`);
    const tip = page.locator(".type-tip");
    const word = page.locator(".twoslash-hover", { hasText: "serverCertificate" }).first();
    await word.hover();
    expect(await tip.textContent()).toBe("const serverCertificate: PrivateCertificate");
    await page.keyboard.press("Escape");
    expect(await tip.isVisible()).toBe(false);

    await page.locator("button.copy").first().focus();
    await page.keyboard.press("Tab");
    expect(await page.locator("pre.twoslash:focus").count()).toBe(1);
    expect(await tip.textContent()).toContain("Enter shows the types");
    await page.keyboard.press("Enter");
    expect(await page.locator(":focus").textContent()).toBe("PrivateCertificate");
    for (const key of ["ArrowDown", "ArrowRight", "ArrowRight", "ArrowLeft", "ArrowDown"]) {
      await page.keyboard.press(key);
    }
    expect(await page.locator(":focus").textContent()).toBe("serverCertificate");
    expect(await tip.textContent()).toBe("const serverCertificate: PrivateCertificate");
    expect(await page.locator(":focus").getAttribute("aria-describedby")).toBe(await tip.getAttribute("id"));
    expect(await accessibilityFaults(page, "content")).toEqual([]);
    await page.keyboard.press("Escape");
    expect(await page.locator("pre.twoslash:focus").count()).toBe(1);
    await page.keyboard.press("Tab");
    expect(await tip.isVisible()).toBe(false);
  });

  test("the table of options shows the rows that contain a text", async () => {
    const page = await open();
    await visit(page, `${site.url}/reference/options`);
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
