/** Many calls with one signal, and many responders on one signal: Node must not warn of a leak. */
import { command, locator } from "ampwire";
import { flushPending, manualClock, scriptedPeer } from "ampwire/testing";
import { afterEach, beforeEach, expect, type MockInstance, test, vi } from "vitest";
import { limitTime } from "../../../src/core/time-limit.ts";

const Wait = command("Wait");

let emitted: MockInstance;
beforeEach(() => {
  emitted = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
});
afterEach(() => emitted.mockRestore());

test("a hundred calls with one signal cause no warning, and all of them are aborted", async () => {
  const { connection } = scriptedPeer();
  const abort = new AbortController();
  const calls = Array.from({ length: 100 }, () =>
    connection.callRemote(Wait, {}, { signal: abort.signal }).catch((error: unknown) => error),
  );
  await flushPending();
  expect(emitted).not.toHaveBeenCalled();
  const reason = new Error("enough");
  abort.abort(reason);
  expect(new Set(await Promise.all(calls))).toEqual(new Set([reason]));
});

test("a hundred responders that listen to context.signal and context.closing cause no warning", async () => {
  let aborted = 0;
  const { peer, connection } = scriptedPeer({
    locator: locator(
      Wait.responder(
        (_, { signal, closing }) =>
          new Promise<void>((resolve) => {
            closing.addEventListener("abort", () => aborted++);
            signal.addEventListener("abort", () => {
              aborted++;
              resolve();
            });
          }),
      ),
    ),
  });
  for (let i = 0; i < 100; i++) peer.send({ _ask: String(i), _command: "Wait" });
  await flushPending();
  expect(emitted).not.toHaveBeenCalled();
  connection.destroy();
  expect(aborted).toBe(200);
});

test("one signal gets one listener, which is removed with the last operation", () => {
  const { signal } = new AbortController();
  const added = vi.spyOn(signal, "addEventListener");
  const removed = vi.spyOn(signal, "removeEventListener");
  const releases = [1, 2, 3].map(() => limitTime(manualClock(), { signal }, () => {}));
  expect(added).toHaveBeenCalledOnce();
  releases[0]?.();
  releases[2]?.();
  expect(removed).not.toHaveBeenCalled();
  releases[1]?.();
  expect(removed).toHaveBeenCalledOnce();
});

test("an operation that another one releases while the signal is aborted is not reached", () => {
  const controller = new AbortController();
  const { signal } = controller;
  let release = () => {};
  limitTime(manualClock(), { signal }, () => release());
  release = limitTime(manualClock(), { signal }, () => expect.unreachable());
  controller.abort();
});
