/** `npm run release` in generated repositories: each check stops the release with a message that names the fix. */
import { createServer, type IncomingMessage, type Server } from "node:http";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ScriptedRepository } from "../support/scripted-repository.ts";

let repository: ScriptedRepository;

/** A repository for each test of the group. */
function usesRepository(): void {
  beforeEach(() => {
    repository = new ScriptedRepository();
  });
  afterEach(() => repository.delete());
}

const dryRun = () => repository.run("release.mjs", ["--dry-run"]);

describe("a dry run", () => {
  usesRepository();

  test("a dry run prints what it would publish and changes nothing", async () => {
    const { code, output } = await dryRun();
    expect(output).not.toContain("failed");
    expect(output).toContain("small 1.2.3\n");
    expect(output).toMatch(/^small-1\.2\.3\.tgz: \d+ bytes, \d+ unpacked, 7 files$/m);
    expect(output).toMatch(/^shasum [0-9a-f]{40}$/m);
    expect(output).toContain(`would run, on ${repository.git("rev-parse", "--short=7", "HEAD")}:`);
    expect(output).toContain("npm publish ./small-1.2.3.tgz --tag latest --provenance=false\n");
    expect(output).toContain("git tag --annotate v1.2.3\n");
    expect(code).toBe(0);
    expect(repository.git("tag")).toBe("");
    expect(repository.git("status", "--porcelain")).toBe("");
  });

  test("a dry run is recognised if npm consumes the option itself", async () => {
    const { code, output } = await repository.run("release.mjs", [], { npm_config_dry_run: "true" });
    expect(output).toContain("would run");
    expect(code).toBe(0);
    expect(repository.git("tag")).toBe("");
  });

  test("a prerelease is published under the tag next, and an existing tag on its commit is not made again", async () => {
    repository.manifest({ version: "2.0.0-rc.1" });
    repository.write("CHANGELOG.md", "## Unreleased\n\n## 2.0.0-rc.1 - 2026-01-31\n\n- More.\n\n## 1.2.3\n");
    repository.commit();
    repository.git("tag", "--annotate", "v2.0.0-rc.1", "--message", "small 2.0.0-rc.1");
    const { code, output } = await dryRun();
    expect(output).toContain("npm publish ./small-2.0.0-rc.1.tgz --tag next");
    expect(output).not.toContain("git tag");
    expect(code).toBe(0);
  });

  test("a release reports every failed check, and publishes nothing", async () => {
    repository.git("tag", "v1.3.0");
    repository.manifest({ version: "1.3.0", files: ["dist", "CHANGELOG.md", "src"] });
    repository.remove("dist/main.js");
    repository.write("src/index.ts", "");
    repository.commit();
    repository.write("README.md", "# other\n");
    repository.write("new.txt", "");
    const { code, output } = await dryRun();
    expect(code).toBe(1);
    expect(output.match(/^failed .*/gm)).toEqual([
      "failed  CHANGELOG.md describes it",
      "failed  its tag is free, or at this commit",
      "failed  everything is committed",
      "failed  it contains every required file",
      "failed  it contains no other file",
    ]);
    expect(output).toContain("the tag v1.3.0 is at");
    expect(output).toContain("there are uncommitted changes: commit or stash them");
    expect(output).toContain(" M README.md");
    expect(output).toContain("?? new.txt");
    expect(output).toContain("the tarball lacks dist/main.js: check the build");
    expect(output).toContain("the tarball contains src/index.ts");
    expect(output).toContain("nothing is published");
  });

  test("a release fails for an invalid version, whether npm packs it or not", async () => {
    repository.manifest({ version: "1.2" });
    repository.commit();
    const { code, output } = await dryRun();
    expect(output).toContain('"1.2" is not a semantic version: set one such as 1.2.3 in package.json');
    expect(code).toBe(1);
  });

  test("a release fails if the build fails", async () => {
    repository.manifest({ scripts: { build: "exit 1" } });
    repository.commit();
    expect((await dryRun()).code).toBe(1);
  });
});

/** Modules of the script, which have no types: each function returns its problems. */
const checks = async (name: string): Promise<Record<string, (...args: unknown[]) => string[]>> =>
  import(new URL(`../../scripts/release/${name}.mjs`, import.meta.url).href);
const { versionProblems, changelogProblems } = await checks("version");
const { missingProblems, foreignProblems } = await checks("contents");

describe("the checks of a release", () => {
  test.each(["1.2.3", "0.0.0", "1.0.0-rc.1", "10.20.30-alpha.0.x-y"])("the version %s passes", (version) => {
    expect(versionProblems?.(version)).toEqual([]);
  });

  test.each(["1.2", "v1.2.3", "01.2.3", "1.2.3-", "1.2.3-01", "1.2.3+build", "", undefined])(
    "the version %j is not semantic",
    (version) => {
      expect(versionProblems?.(version)).toEqual([
        `${JSON.stringify(version)} is not a semantic version: set one such as 1.2.3 in package.json`,
      ]);
    },
  );

  test.each([
    ["only the version", "# Changelog\n\n## 1.2.3\n\n- All of it.\n"],
    [
      "a date and an empty section before it",
      "## Unreleased\n\n## 1.2.3 - 2026-01-31\n\n- All of it.\n\n## 1.2.2\n",
    ],
  ])("a changelog with %s passes", (_, text) => {
    expect(changelogProblems?.(text, "1.2.3")).toEqual([]);
  });

  test.each([
    [
      "without a released version",
      "# Changelog\n\n## Unreleased\n\n- All of it.\n",
      'CHANGELOG.md has no section for a version: rename "## Unreleased" to "## 1.2.3", or correct package.json',
    ],
    [
      "whose latest version is another one",
      "# Changelog\n\n## 1.2.2\n\n- All of it.\n",
      'CHANGELOG.md begins with 1.2.2: rename "## Unreleased" to "## 1.2.3", or correct package.json',
    ],
    [
      "whose section is empty",
      "# Changelog\n\n## 1.2.3\n\n## 1.2.2\n\n- More.\n",
      '"## 1.2.3" in CHANGELOG.md is empty: describe the changes',
    ],
    [
      "with unreleased changes",
      "## Unreleased\n\n- More.\n\n## 1.2.3\n\n- All of it.\n",
      'CHANGELOG.md has changes under "## Unreleased": move them to "## 1.2.3"',
    ],
  ])("a changelog %s fails", (_, text, message) => {
    expect(changelogProblems?.(text, "1.2.3")).toEqual([message]);
  });

  const files = ["package.json", "README.md", "LICENSE", "CHANGELOG.md"];
  const built = [...files, "dist/index.js", "dist/index.d.ts", "dist/main.js", "wireshark/ampwire.lua"];
  const manifest = {
    exports: {
      ".": { types: "./dist/index.d.ts", default: "./dist/index.js" },
      "./package.json": "./package.json",
    },
    bin: { small: "dist/main.js" },
  };

  test("a tarball with the required files and no others passes", () => {
    expect([missingProblems?.(built, manifest), foreignProblems?.(built)]).toEqual([[], []]);
  });

  test.each([...files, "dist/index.js", "dist/index.d.ts", "dist/main.js"])(
    "a tarball without %s fails",
    (missing) => {
      const rest = built.filter((file) => file !== missing);
      expect(missingProblems?.(rest, manifest)).toEqual([
        `the tarball lacks ${missing}: check the build, and "files" in package.json`,
      ]);
    },
  );

  test("an export without types fails", () => {
    expect(missingProblems?.(built, { ...manifest, exports: { ".": "./dist/index.js" } })).toEqual([
      'the export . has no types: name its .d.ts under "types" in package.json',
    ]);
  });

  test.each([
    "src/index.ts",
    "dist/index.test.js",
    "dist/a.spec.js",
    "dist/index.js.map",
    "wireshark/a/b.lua",
    ".npmrc",
  ])("a tarball with %s fails", (file) => {
    expect(foreignProblems?.([...built, file])).toEqual([
      `the tarball contains ${file}: remove it from "files" in package.json, or from dist`,
    ]);
  });
});

describe("a release", () => {
  usesRepository();

  /** Publications that the registry received, by path. */
  const published: Record<string, Publication> = {};
  let registry: Server;
  let answer = 201;

  beforeAll(async () => {
    registry = createServer(async (request, response) => {
      const body = await textOf(request);
      if (request.method !== "PUT") return void response.writeHead(404).end("{}");
      if (answer === 201) published[request.url ?? ""] = JSON.parse(body);
      response.writeHead(answer).end("{}");
    });
    await new Promise<void>((resolve) => registry.listen(0, "127.0.0.1", resolve));
  });
  afterAll(() => registry.close());

  /** package.json and npm's configuration name the test's registry, so that nothing reaches npm's own. */
  beforeEach(() => {
    const address = registry.address();
    const host = typeof address === "object" ? `127.0.0.1:${address?.port}` : "";
    repository.manifest({ publishConfig: { registry: `http://${host}/` } });
    repository.write(".npmrc", `registry=http://${host}/\n//${host}/:_authToken=secret\nfetch-retries=0\n`);
    repository.commit();
    answer = 201;
    for (const path of Object.keys(published)) delete published[path];
  });

  test("a release publishes the checked tarball and then tags the commit", async () => {
    const { code, output } = await repository.run("release.mjs", []);
    expect(output).toContain("git push origin v1.2.3");
    expect(code).toBe(0);
    expect(published["/small"]?.["dist-tags"]).toEqual({ latest: "1.2.3" });
    expect(output).toContain(`shasum ${published["/small"]?.versions["1.2.3"]?.dist.shasum}\n`);
    const head = repository.git("rev-parse", "HEAD");
    expect(repository.git("rev-parse", "v1.2.3^{commit}")).toBe(head);
    expect(repository.git("cat-file", "-t", "v1.2.3")).toBe("tag");
  });

  test("a release publishes nothing if a check fails, and makes no tag if npm rejects the package", async () => {
    repository.write("new.txt", "");
    expect((await repository.run("release.mjs", [])).code).toBe(1);
    expect(published).toEqual({});
    repository.remove("new.txt");
    answer = 403;
    expect((await repository.run("release.mjs", [])).code).toBe(1);
    expect(repository.git("tag")).toBe("");
  });
});

/** Request that npm sends for a new version. */
interface Publication {
  readonly "dist-tags": Readonly<Record<string, string>>;
  readonly versions: Readonly<Record<string, { readonly dist: { readonly shasum: string } }>>;
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request) text += chunk;
  return text;
}
