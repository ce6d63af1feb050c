/** scripts/footprint.mjs: it counts what an installation adds, and fails at its limits. */
import { expect, onTestFinished, test } from "vitest";
import { ScriptedRepository } from "../support/scripted-repository.ts";

/** Returns a repository with a bundled dependency, so that nothing is downloaded. */
function withDependency(manifest: object): ScriptedRepository {
  const repository = new ScriptedRepository();
  onTestFinished(() => repository.delete());
  repository.manifest({ dependencies: { inner: "1.0.0" }, bundleDependencies: ["inner"] });
  repository.write(
    "node_modules/inner/package.json",
    JSON.stringify({ name: "inner", version: "1.0.0", ...manifest }),
  );
  return repository;
}

test("the footprint check counts packages and bytes and passes under its limits", async () => {
  const { code, output } = await withDependency({}).run("footprint.mjs", ["--detail"]);
  expect(output).toMatch(/^bytes of small: \d+ \(limit \d+\)$/m);
  expect(output).toMatch(/^bytes of small with its dependencies: \d+ \(limit \d+\)$/m);
  expect(output).toMatch(/^direct dependencies, optional ones included: 1 \(/m);
  expect(output).toMatch(/^dependencies in all: 1 \(/m);
  expect(output).toMatch(/^ +\d+ inner$/m);
  expect(code).toBe(0);
});

test("the footprint check fails if a package runs a script at installation", async () => {
  const { code, output } = await withDependency({ scripts: { postinstall: "true" } }).run(
    "footprint.mjs",
    [],
  );
  expect(output).toContain("inner runs scripts at installation: postinstall");
  expect(code).toBe(1);
});

test("the footprint check fails if a package is compiled at installation", async () => {
  const repository = withDependency({});
  repository.write("node_modules/inner/binding.gyp", "{}");
  const { code, output } = await repository.run("footprint.mjs", []);
  expect(output).toContain("inner runs scripts at installation: node-gyp");
  expect(code).toBe(1);
});

test("the footprint check fails if the package is over its limit", async () => {
  const repository = withDependency({});
  repository.write("dist/index.js", `/*${"x".repeat(2_000_000)}*/`);
  const { code, output } = await repository.run("footprint.mjs", []);
  expect(output).toMatch(/^bytes of small: 200\d+ exceeds the limit of/m);
  expect(code).toBe(1);
});

test("the footprint check fails if there are too many dependencies", async () => {
  const repository = withDependency({});
  const names = ["one", "two", "three", "four", "five", "six"];
  for (const name of names)
    repository.write(`node_modules/${name}/package.json`, JSON.stringify({ name, version: "1.0.0" }));
  const dependencies = Object.fromEntries(names.map((name) => [name, "1.0.0"]));
  repository.manifest({ dependencies, bundleDependencies: names });
  const { code, output } = await repository.run("footprint.mjs", []);
  expect(output).toMatch(/^direct dependencies, optional ones included: 6 exceeds the limit of/m);
  expect(code).toBe(1);
});
