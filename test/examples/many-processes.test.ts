/** The example of many processes: with the real HAProxy for the promise on restarts, and as its README describes. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { example } from "../support/example.ts";
import { describeWithHAProxy } from "../support/haproxy.ts";

const TIMEOUT_MS = 120_000;
/** Clients of one kind, with four calls in progress each. */
const IN_PROGRESS = 6 * 4;

interface Counts {
  readonly begun: number;
  readonly answered: number;
  readonly processes: number;
  readonly failed: number;
}

/** Runs the example, and returns its first line and the numbers in its other lines. */
async function run(...args: readonly (string | number)[]) {
  const { code, lines, complaints } = await example("many-processes", ...args).end();
  expect({ code, complaints }).toEqual({ code: 0, complaints: "" });
  const counts = (what: string): Counts => {
    const pattern = new RegExp(
      `^${what}: (\\d+) begun, (\\d+) answered by (\\d+) processes, (\\d+) failed$`,
      "m",
    );
    const [begun = -1, answered = -1, processes = -1, failed = -1] =
      pattern.exec(lines.join("\n"))?.slice(1).map(Number) ?? [];
    return { begun, answered, processes, failed };
  };
  const [executed = -1, twice = -1, wrong = -1] = lines.at(-1)?.match(/\d+/g)?.map(Number) ?? [];
  return {
    first: lines[0],
    replaced: counts("replaced by SIGTERM, calls that must not be repeated"),
    idempotent: counts("one killed by SIGKILL, calls that may be repeated"),
    unrepeated: counts("one killed by SIGKILL, calls that must not be repeated"),
    ledger: { executed, twice, wrong },
  };
}

/** Checks the promises on calls while processes are replaced and while one is killed. */
function expectKept(
  { replaced, idempotent, unrepeated, ledger }: Awaited<ReturnType<typeof run>>,
  calls: number,
) {
  // Every call settles once, and a replaced process fails none.
  expect(replaced).toMatchObject({ begun: replaced.answered, failed: 0 });
  expect(replaced.answered).toBeGreaterThanOrEqual(calls);
  expect(replaced.processes).toBeGreaterThan(3); // those of the beginning and their successors
  expect(idempotent).toMatchObject({ begun: idempotent.answered, failed: 0 });
  expect(idempotent.answered).toBeGreaterThanOrEqual(calls / 4);
  expect(unrepeated.answered + unrepeated.failed).toBe(unrepeated.begun);
  expect(unrepeated.failed).toBeLessThanOrEqual(IN_PROGRESS);
  // The killed process may have executed a withdrawal that it did not answer. None is executed twice.
  expect(ledger).toMatchObject({ twice: 0, wrong: 0 });
  const answered = replaced.answered + unrepeated.answered;
  expect(ledger.executed).toBeGreaterThanOrEqual(answered);
  expect(ledger.executed).toBeLessThanOrEqual(answered + unrepeated.failed);
}

describeWithHAProxy("many processes behind HAProxy", () => {
  test(
    "three processes behind HAProxy are replaced under 10,000 calls inside verified StartTLS, and no call fails",
    async () => {
      const result = await run("--calls", 10_000);
      expect(result.first).toBe("3 processes behind HAProxy");
      expectKept(result, 10_000);
      // The process was killed in the middle of calls, of which the idempotent ones were sent again.
      expect(result.unrepeated.failed).toBeGreaterThan(0);
    },
    TIMEOUT_MS,
  );
});

test(
  "the example of many processes runs without HAProxy, as its README describes, and prints the lines that it shows",
  async () => {
    const readme = readFileSync(new URL("../../examples/many-processes/README.md", import.meta.url), "utf8");
    expect(readme).toContain("\nnode examples/many-processes --without-haproxy\n");
    const result = await run("--without-haproxy", "--calls", 1000);
    expect(result.first).toBe("3 processes without HAProxy: each client knows their addresses");
    expectKept(result, 1000);
  },
  TIMEOUT_MS,
);
