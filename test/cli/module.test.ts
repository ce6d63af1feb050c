/** Modules are loaded as they are, on any Node. */
import { writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { scratchPath } from "../support/tls-side.ts";
import { ampwire, type Outcome } from "./run-command.ts";

let count = 0;

/** A module, in a folder where no package is installed; `decode` of an ask shows how it was read. */
async function schema(text: string, ending = "ts", flags = ""): Promise<Outcome> {
  const file = scratchPath(`schema${++count}.${ending}`);
  writeFileSync(file, text);
  const input = Buffer.from(
    "00045f61736b00013100085f636f6d6d616e64000353756d00016100023133000162000238310000",
    "hex",
  );
  return ampwire(`decode --schema ${file}${flags}`, { input });
}

const SUM = `import { command, integer } from "ampwire";
export const Sum = command("Sum", { arguments: { a: integer(), b: integer() }, response: { total: integer() } });\n`;
const values = ({ out }: Outcome) => JSON.parse(out).values;

describe.concurrent("a schema", () => {
  test.each<[string, string, string?]>([
    ["in JavaScript", SUM, "mjs"],
    [
      "with types",
      `${SUM}export const about = (name: string): string => name;\nexport type Nothing = never;`,
    ],
    ["with an enum, which Node does not strip", `${SUM}export enum Kind { A, B }`],
    ["that waits at its top", `${SUM}export const later: number = await Promise.resolve(1);`],
    [
      "that exports a responder",
      `${SUM.replace("export const Sum", "const Sum")}export const sum = Sum.responder(({ a, b }) => ({ total: a + b }));`,
    ],
  ])("%s", async (_, text, ending) => {
    const outcome = await schema(text, ending, " --json");
    expect(outcome).toMatchObject({ code: 0, err: "" });
    expect(values(outcome)).toEqual({ a: 13, b: 81 });
  });

  test("may import a neighbour by the name it will have when it is compiled", async () => {
    writeFileSync(scratchPath("neighbour.ts"), SUM);
    expect(values(await schema(`export * from "./neighbour.js";`, "ts", " --json"))).toEqual({
      a: 13,
      b: 81,
    });
  });

  test.each([
    ["throws", "throw new Error('not today');", /^ampwire: \S+ does not load: Error: not today\n$/],
    ["is no TypeScript", "const = 1;", /^ampwire: \S+ does not load: /],
    ["imports what is not there", `import "nowhere";`, /^ampwire: \S+ does not load: .*nowhere/],
    [
      "exports no commands",
      "export const a: number = 1;",
      /exports no commands \(export const Sum = command/,
    ],
  ])("that %s is one line of complaint", async (_, text, complaint) => {
    const { code, out, err } = await schema(text);
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toMatch(complaint);
    expect(err.trimEnd()).not.toContain("\n");
  });

  test("with decorators, which nothing runs as they are, gets a hint", async () => {
    const { code, err } = await schema(
      `${SUM}export class A { @Sum.responder sum() { return { total: 1 }; } }`,
    );
    expect(code).toBe(1);
    expect(err).toMatch(/\(decorators need tsx: /);
  });

  test("that is not there is misuse", async () => {
    const { code, err } = await ampwire("decode --schema nowhere.ts");
    expect({ code, err }).toEqual({
      code: 2,
      err: "ampwire: there is no file nowhere.ts (a TypeScript or JavaScript module)\n",
    });
  });
});
