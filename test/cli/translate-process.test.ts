/** `ampwire import` and `ampwire export` as they are typed. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it, vi } from "vitest";
import { describeWithTwisted } from "../support/twisted.ts";
import { startCommand } from "./command-process.ts";

const place = mkdtempSync(join(tmpdir(), "ampwire-translate-"));
afterAll(() => rmSync(place, { recursive: true }));

const at = (name: string) => join(place, name);

async function ran(...words: readonly string[]) {
  const command = await startCommand(...words);
  return { exitCode: await command.exited, said: command.said, complained: command.complained };
}

// Each run starts Node, and most of them Python.
vi.setConfig({ testTimeout: 60_000 });

describeWithTwisted("the verbs import and export", () => {
  it("go to TypeScript and back", async () => {
    const [one, two] = [at("one.ts"), at("two.ts")];
    const classes = at("classes.py");
    expect(await ran("import", "test/interop/twisted/commands.py", "-o", one)).toEqual({
      exitCode: 0,
      said: "",
      complained: `${one}: 39 commands\n`,
    });
    expect(await ran("export", one, "--output", classes)).toMatchObject({ exitCode: 0, said: "" });
    expect(await ran("import", classes, "-o", two)).toMatchObject({ exitCode: 0 });
    expect(readFileSync(two, "utf8")).toBe(readFileSync(one, "utf8").replace(/ \/\/ the bytes of .*/g, ""));
  });

  it("write to standard output, and a description with --json", async () => {
    writeFileSync(
      at("small.ts"),
      'import { command } from "ampwire";\n\n/** Does it. */\nexport const Do = command("Do");\n',
    );
    const classes = 'from twisted.protocols import amp\n\n\nclass Do(amp.Command):\n    """Does it."""\n';
    expect(await ran("export", at("small.ts"))).toEqual({ exitCode: 0, said: classes, complained: "" });
    writeFileSync(at("small.py"), classes);
    const back = await ran("import", at("small.py"));
    expect(back).toEqual({ exitCode: 0, said: readFileSync(at("small.ts"), "utf8"), complained: "" });
    const { said } = await ran("import", at("small.py"), "--json");
    expect(JSON.parse(said).commands).toMatchObject([
      { className: "Do", name: "Do", documentation: "Does it." },
    ]);
  });

  it.each([
    [2, ["import"], "ampwire: import: something is missing"],
    [2, ["import", "nowhere.py"], "ampwire: there is no file nowhere.py"],
    [1, ["import", "no.such.module"], "ampwire: no.such.module: ModuleNotFoundError"],
    [1, ["import", "json"], "ampwire: json has no commands"],
    [2, ["export", "nowhere.ts"], "ampwire: there is no file nowhere.ts"],
    [1, ["export", "vitest.config.ts"], "ampwire: vitest.config.ts exports no commands"],
    [
      1,
      ["import", "test/interop/twisted/commands.py", "-o", "no/such/folder/a.ts"],
      "ampwire: no/such/folder/a.ts cannot be written",
    ],
  ])("end with %i after %j", async (exitCode, words, complaint) => {
    const run = await ran(...words);
    expect(run).toMatchObject({ exitCode, said: "" });
    expect(run.complained.startsWith(complaint), run.complained).toBe(true);
    expect(run.complained.trimEnd().split("\n")).toHaveLength(1);
    expect(existsSync("no")).toBe(false);
  });
});
