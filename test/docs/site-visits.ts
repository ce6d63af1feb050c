/** Visits of the site with Chromium: axe-core, errors in the console, the search. */
import { readdirSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";

const docs = new URL("../../docs/", import.meta.url);

/** Path of axe-core. In a fresh clone, building the site installs it. */
export function axePath(): string {
  return createRequire(new URL("package.json", docs)).resolve("axe-core/axe.min.js");
}

/** Opens a page, and waits until Vue has taken it over: a test that changes the page before disturbs Vue. */
export async function visit(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await page.waitForFunction("document.querySelector('#app').__vue_app__ !== undefined");
}

/** Parts that every page of a section shares: the navigation and the sidebar. axe-core checks them once for each section. */
const SHARED_PARTS = ".VPNav, .VPSidebar";

/** Long pages, such as those of the API, are uniform: axe-core checks the beginning, because it is slow. */
const BEYOND_THE_BEGINNING = ".vp-doc > div > :nth-child(n + 200)";

/**
 * Runs axe-core in a page, and removes the parts that it does not check. Returns each fault with the first element that has
 * it.
 */
export async function accessibilityFaults(
  page: Page,
  parts: "whole" | "content" = "whole",
): Promise<string[]> {
  const unchecked = parts === "whole" ? BEYOND_THE_BEGINNING : `${BEYOND_THE_BEGINNING}, ${SHARED_PARTS}`;
  // An address and not a text, because Chromium keeps the compiled code of an address.
  await page.addScriptTag({ url: "/axe.js" });
  // A text, because the types of the tests do not include those of a page. axe-core reads hidden elements too, so the
  // unchecked ones are removed.
  return await page.evaluate<string[]>(`(() => {
    for (const part of document.querySelectorAll(${JSON.stringify(unchecked)})) part.remove();
    for (const link of document.querySelectorAll(".outline-link")) {
      if (document.getElementById(decodeURIComponent(link.hash.slice(1))) === null) link.remove();
    }
    return axe
      .run({ resultTypes: ["violations"] })
      .then(({ violations }) => violations.map(({ id, help, nodes: [first] }) => id + ": " + help + " " + first.html));
  })()`);
}

/** Returns a function that searches the index of the built site as a page does. It returns the first three results. */
export async function siteSearch(): Promise<(phrase: string) => string[]> {
  const chunks = new URL("../../site/assets/chunks/", import.meta.url);
  const name = readdirSync(chunks).find((file) => file.startsWith("@localSearchIndex"));
  const { indexOptions, searchOptions } = await import(
    /* @vite-ignore */ new URL(".vitepress/search.mjs", docs).href
  );
  const { default: index } = await import(/* @vite-ignore */ new URL(name ?? "", chunks).href);
  const { resolve } = createRequire(new URL("node_modules/vitepress/", docs));
  const { default: MiniSearch } = await import(/* @vite-ignore */ resolve("minisearch"));
  const search = MiniSearch.loadJSON(index, {
    fields: ["title", "titles", "text"],
    ...indexOptions,
    searchOptions,
  });
  return (phrase) =>
    search
      .search(phrase)
      .slice(0, 3)
      .map(({ id }: { id: string }) => id);
}

/** Returns a list that receives the errors in the console of the page. */
export function problemsOf(page: Page): string[] {
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(`${page.url()}: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error") problems.push(`${page.url()}: ${message.text()}`);
  });
  return problems;
}

/** Opens the search with the keyboard. Returns a function that types a phrase and returns the first results. */
export async function openSearch(page: Page): Promise<(phrase: string) => Promise<string[]>> {
  const input = page.locator("#localsearch-input");
  const results = page.locator("#localsearch-list a.result");
  // The page listens for the key only when its scripts have run.
  while (!(await input.isVisible())) await page.keyboard.press("Control+k");
  return async (phrase) => {
    // Without the results of the phrase before, the first result belongs to this phrase.
    await input.fill("");
    await results.first().waitFor({ state: "detached" });
    await input.fill(phrase);
    await page.locator("#localsearch-list a.result, .no-results").first().waitFor();
    const links = (await results.all()).slice(0, 3).map((result) => result.getAttribute("href"));
    return (await Promise.all(links)).map(String);
  };
}
