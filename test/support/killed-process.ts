/** A server process is killed while calls are in progress on it. */
import { command, integer } from "ampwire";
import type { ReconnectingClient } from "ampwire/node";
import { expect } from "vitest";

const response = { pid: integer() };
export const Process = command("Process", { response });
/** Is answered after `Release` on a connection to the same process. */
const Hold = command("Hold", { response });
const HoldIdempotent = command("Hold", { response, idempotent: true });
const Release = command("Release");

/** Responders of the module that `ampwire serve` loads, as JavaScript. */
export const HOLD_RESPONDERS = `
  let release;
  const released = new Promise((resolve) => { release = resolve; });
  const holding = [
    command("Hold", { response: { pid: integer() } }).responder(async () => {
      await released;
      return { pid: process.pid };
    }),
    command("Release").responder(() => release()),
  ];`;

/**
 * Kills the process of the first client by SIGKILL while each client has an idempotent and another call in progress. Checks that
 * all idempotent calls succeed, and that the others fail exactly if their process was killed.
 */
export async function killDuringCalls(clients: readonly ReconnectingClient[]): Promise<void> {
  const pids = (await Promise.all(clients.map((one) => one.callRemote(Process)))).map(({ pid }) => pid);
  const [killed = 0] = pids;
  let settled = 0;
  const count = () => void settled++;
  const idempotent = clients.map((one) => one.callRemote(HoldIdempotent));
  const other = clients.map((one) => one.callRemote(Hold));
  for (const call of [...idempotent, ...other]) call.then(count, count);
  // Asks are served in order, so the calls are in progress when this one is answered.
  await Promise.all(clients.map((one) => one.callRemote(Process)));
  expect(settled).toBe(0);
  process.kill(killed, "SIGKILL");
  for (const [index, call] of other.entries()) {
    if (pids[index] === killed)
      await expect(call).rejects.toMatchObject({ code: expect.stringMatching(/^CONNECTION_(LOST|CLOSED)$/) });
  }
  await Promise.all(clients.map((one) => one.callRemote(Release)));
  for (const [index, call] of idempotent.entries()) {
    const { pid } = await call;
    if (pids[index] === killed) expect(pid).not.toBe(killed);
    else expect(pid).toBe(pids[index]);
  }
  for (const [index, call] of other.entries())
    if (pids[index] !== killed) expect(await call).toEqual({ pid: pids[index] });
  expect(settled).toBe(2 * clients.length);
}
