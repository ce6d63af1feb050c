/** Tests of the page of examples/browser in Chromium: calls in both directions, errors, restarts, and Twisted behind a relay. */
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { expect, onTestFinished, test } from "vitest";
import { calculator } from "../../examples/browser/calculator.ts";
import { relayTo } from "../../examples/browser/relay.ts";
import { servePage } from "../../examples/browser/server.ts";
import { describeWithChromium } from "../support/chromium.ts";
import { describeWithTwisted, twistedServer } from "../support/twisted.ts";

describeWithChromium("the page", (open) => {
  test("the page calls the server, is called back, shows a declared error, and reconnects after a restart", async () => {
    const first = await serve({ onSocket: calculator });
    const page = await open();
    const problems = problemsOf(page);
    await page.goto(first.url);
    await state(page, "connected");
    await page.click("#sum");
    await lines(page, ["Sum(13, 81) 94"]);
    await page.fill("#b", "0");
    await page.click("#divide");
    await page.click("#callback");
    await lines(page, [
      "Sum(13, 81) 94",
      "Divide(13, 0) ZeroDivisionError: division by zero",
      "CallBack(3) 6",
      "the server calls Sum(0, 0) 0",
      "the server calls Sum(1, 1) 2",
      "the server calls Sum(2, 2) 4",
    ]);
    expect(problems).toEqual([]);

    await first.close();
    await state(page, "waiting");
    await page.fill("#b", "29");
    await page.click("#sum");
    await page.click("#callback");
    const waiting = ["Sum(13, 29) queued", "CallBack(3) queued"];
    await lines(page, ["ConnectionClosed the peer closed the connection", ...waiting]);
    await picture(page);
    await serve({ port: first.port, onSocket: calculator });
    await state(page, "connected");
    await lines(page, [
      "ConnectionClosed the peer closed the connection",
      "Sum(13, 29) 42",
      "CallBack(3) 6",
      "the server calls Sum(0, 0) 0",
      "the server calls Sum(1, 1) 2",
      "the server calls Sum(2, 2) 4",
    ]);
  });

  test.each<[string, (page: Page) => Promise<void>]>([
    ["when the user clicks the button", (page) => page.getByRole("button", { name: "Try now" }).click()],
    ["when the network is back", backOnline],
  ])("the page shows the state of its connection, and reconnects at once %s", async (_, act) => {
    const first = await serve({ onSocket: calculator });
    const page = await open();
    await page.clock.install();
    await page.goto(first.url);
    const status = page.getByRole("status");
    const retry = page.getByRole("button", { name: "Try now" });
    await state(page, "connected");
    expect(await status.textContent()).toBe("connected");
    expect(await retry.isVisible()).toBe(false);
    await page.clock.pauseAt(Date.now() + 60_000); // so that the wait for the next attempt never ends by itself
    await first.close();
    await state(page, "waiting");
    expect(await status.textContent()).toBe("waiting");
    await serve({ port: first.port, onSocket: calculator });
    await page.click("#sum");
    await lines(page, ["Sum(13, 81) queued"]);
    await act(page);
    await lines(page, ["Sum(13, 81) 94"]);
    expect(await status.textContent()).toBe("connected");
    expect(await retry.isVisible()).toBe(false);
  });

  test("the page does not connect to a server of another origin", async () => {
    const { port } = await serve({ onSocket: calculator });
    const other = await serve({ onSocket: calculator });
    const page = await open();
    await page.goto(other.url);
    const opened = await page.evaluate((url) => {
      return new Promise((resolve) => {
        const socket = new WebSocket(url, "amp");
        socket.onopen = () => resolve(true);
        socket.onerror = () => resolve(false);
      });
    }, `ws://127.0.0.1:${port}/amp`);
    expect(opened).toBe(false);
  });
});

describeWithTwisted("with Twisted behind a relay", () => {
  describeWithChromium("the page", (open) => {
    test("the page calls Twisted, is called by it, and shows its errors", async () => {
      await using twisted = await twistedServer();
      const { url } = await serve({ onSocket: relayTo(twisted.address) });
      const page = await open();
      await page.goto(url);
      await state(page, "connected");
      await page.click("#sum");
      await lines(page, ["Sum(13, 81) 94"]);
      await page.fill("#b", "0");
      await page.click("#divide");
      await lines(page, ["Divide(13, 0) ZeroDivisionError: division by zero"]);
      await page.click("#callback");
      await lines(page, [
        "CallBack(3) 6",
        "the server calls Sum(0, 0) 0",
        "the server calls Sum(1, 1) 2",
        "the server calls Sum(2, 2) 4",
      ]);
    });
  });
});

async function serve(options: Parameters<typeof servePage>[0]) {
  const site = await servePage(options);
  let open = true;
  const close = async () => {
    if (open) await site.close();
    open = false;
  };
  onTestFinished(close);
  return { ...site, close };
}

async function backOnline(page: Page): Promise<void> {
  await page.context().setOffline(true);
  await page.context().setOffline(false);
}

async function state(page: Page, expected: string): Promise<void> {
  await page.waitForSelector(`body[data-state="${expected}"]`);
}

/** Waits until the log of the page ends with these lines. */
async function lines(page: Page, expected: readonly string[]): Promise<void> {
  const found = async () => (await page.locator("#log li").all()).slice(-expected.length);
  const texts = async () =>
    Promise.all(
      (await found()).map(async (line) => (await line.locator("span").allTextContents()).join(" ")),
    );
  await expect.poll(texts, { timeout: 10_000 }).toEqual(expected);
}

/** Errors in the console of the browser. */
function problemsOf(page: Page): string[] {
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") problems.push(message.text());
  });
  return problems;
}

/** Takes the screenshot for docs/ if `AMPWIRE_PICTURE=1` is set. */
async function picture(page: Page): Promise<void> {
  await page.mouse.move(0, 0);
  const png = await page.screenshot({ caret: "hide" });
  if (process.env.AMPWIRE_PICTURE === "1") {
    writeFileSync(fileURLToPath(new URL("../../docs/browser.png", import.meta.url)), png);
  }
}
