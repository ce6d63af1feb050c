/** `ampwire import` and `ampwire export` as processes. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it, vi } from "vitest";
import { describeWithTwisted } from "../support/twisted.ts";
import { startCommand } from "./command-process.ts";
import { runCommand } from "./run-command.ts";
import { runHere } from "./run-here.ts";

const place = mkdtempSync(join(tmpdir(), "ampwire-translate-"));
afterAll(() => rmSync(place, { recursive: true }));

const at = (name: string) => join(place, name);

const CLASS = "from twisted.protocols import amp\nclass Do(amp.Command):\n    pass\n";

async function ran(...args: readonly string[]) {
  const command = await startCommand(...args);
  return { exitCode: await command.exited, stdout: command.stdout, stderr: command.stderr };
}

// Each run starts Node, and most runs start Python.
vi.setConfig({ testTimeout: 60_000 });

describeWithTwisted("ampwire import and export", () => {
  it("import and export convert Python to TypeScript and back", async () => {
    const [one, two] = [at("one.ts"), at("two.ts")];
    const classes = at("classes.py");
    expect(await ran("import", "test/interop/twisted/commands.py", "-o", one)).toEqual({
      exitCode: 0,
      stdout: "",
      stderr: `${one}: 40 commands\n`,
    });
    expect(await ran("export", one, "--output", classes)).toMatchObject({ exitCode: 0, stdout: "" });
    expect(await ran("import", classes, "-o", two)).toMatchObject({ exitCode: 0 });
    expect(readFileSync(two, "utf8")).toBe(readFileSync(one, "utf8"));
  });

  it("import and export write to standard output, and a description with --json", async () => {
    writeFileSync(
      at("small.ts"),
      'import { command } from "ampwire";\n\n/** Does it. */\nexport const Do = command("Do");\n',
    );
    const classes = 'from twisted.protocols import amp\n\n\nclass Do(amp.Command):\n    """Does it."""\n';
    expect(await ran("export", at("small.ts"))).toEqual({ exitCode: 0, stdout: classes, stderr: "" });
    writeFileSync(at("small.py"), classes);
    const back = await ran("import", at("small.py"));
    expect(back).toEqual({ exitCode: 0, stdout: readFileSync(at("small.ts"), "utf8"), stderr: "" });
    const { stdout } = await ran("import", at("small.py"), "--json");
    expect(JSON.parse(stdout).commands).toMatchObject([
      { className: "Do", name: "Do", documentation: "Does it." },
    ]);
  });

  it.each([
    [
      "raises",
      "x = 1\nraise KeyError\n",
      "KeyError (raises.py, line 2) (importing the module fails in Python",
    ],
    ["ends", "import os\nos._exit(3)\n", "it ended with exit code 3 before it printed the commands"],
    [
      "succeeds",
      "import os\nos._exit(0)\n",
      "Python ended before it printed the commands (a module must not end the process",
    ],
    ["late", `${CLASS}Do.arguments = None\n`, "Do: TypeError: 'NoneType' object is not iterable (importing"],
  ])("import of a module that %s names the reason", async (name, text, message) => {
    const file = at(`${name}.py`);
    writeFileSync(file, text);
    const { code, err } = await runHere(["import", file]);
    expect(code).toBe(1);
    expect(err).toContain(message);
  });

  it("import does not run a file of the working directory in place of a standard module", async () => {
    for (const name of ["json", "inspect", "zlib"]) {
      writeFileSync(at(`${name}.py`), `open(${JSON.stringify(at("ran"))}, "w")\n`);
    }
    writeFileSync(
      at("mine.py"),
      "import json\nfrom twisted.protocols import amp\nclass Do(amp.Command):\n    pass\n",
    );
    const { code, out } = await runCommand(["import", "mine"], { cwd: place });
    expect([code, existsSync(at("ran"))]).toEqual([0, false]);
    expect(out).toContain('export const Do = command("Do");');
    expect(await runCommand(["import", "json"], { cwd: place })).toMatchObject({ code: 1 });
    expect(existsSync(at("ran"))).toBe(false);
  });

  it.each([
    [2, ["import"], "ampwire: import: an operand is missing"],
    [2, ["import", "nowhere.py"], "ampwire: cannot find nowhere.py"],
    [1, ["import", "no.such.module"], "ampwire: no.such.module: ModuleNotFoundError"],
    [1, ["import", "json"], "ampwire: json has no commands"],
    [2, ["import", ""], "ampwire: the name of the module is empty"],
    [2, ["import", "no/such"], "ampwire: cannot find no/such"],
    [2, ["import", "."], "ampwire: cannot import .: the folder has no __init__.py"],
    [2, ["import", "./package.json"], "ampwire: cannot import ./package.json: it is not a .py file"],
    [2, ["export", "nowhere.ts"], "ampwire: cannot find nowhere.ts"],
    [1, ["export", "vitest.config.ts"], "ampwire: vitest.config.ts exports no commands"],
    [
      1,
      ["import", "test/interop/twisted/commands.py", "-o", "no/such/folder/a.ts"],
      "ampwire: cannot write no/such/folder/a.ts",
    ],
  ])("import and export exit with %i for %j", async (exitCode, args, message) => {
    // A module is loaded by Node, which cannot load the TypeScript of this process.
    const run = await (args[1] === "vitest.config.ts" ? runCommand : runHere)(args);
    expect(run).toMatchObject({ code: exitCode, out: "" });
    expect(run.err.startsWith(message), run.err).toBe(true);
    expect(run.err.trimEnd().split("\n")).toHaveLength(1);
    expect(existsSync("no")).toBe(false);
  });
});
