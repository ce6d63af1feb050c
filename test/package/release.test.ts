/** `npm run release` in generated repositories: each check stops the release with a message that names the fix. */
import { createServer, type IncomingMessage, type Server } from "node:http";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ScriptedRepository } from "../support/scripted-repository.ts";

let repository: ScriptedRepository;
beforeEach(() => {
  repository = new ScriptedRepository();
});
afterEach(() => repository.delete());

const dryRun = () => repository.run("release.mjs", ["--dry-run"]);

describe("a dry run", () => {
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

  test("a prerelease is published under the tag next", async () => {
    repository.manifest({ version: "2.0.0-rc.1" });
    repository.write("CHANGELOG.md", "## Unreleased\n\n## 2.0.0-rc.1 - 2026-01-31\n\n- More.\n\n## 1.2.3\n");
    repository.commit();
    const { code, output } = await dryRun();
    expect(output).toContain("npm publish ./small-2.0.0-rc.1.tgz --tag next");
    expect(code).toBe(0);
  });

  test("an existing tag on the commit passes and is not made again", async () => {
    repository.git("tag", "--annotate", "v1.2.3", "--message", "small 1.2.3");
    const { code, output } = await dryRun();
    expect(output).not.toContain("git tag");
    expect(code).toBe(0);
  });

  const wrong: Record<string, [break_: () => void, message: string]> = {
    "an invalid version": [
      () => repository.manifest({ version: "1.2" }),
      '"1.2" is not a semantic version: set one such as 1.2.3 in package.json',
    ],
    "a changelog without a released version": [
      () => repository.write("CHANGELOG.md", "# Changelog\n\n## Unreleased\n\n- All of it.\n"),
      'CHANGELOG.md has no section for a version: rename "## Unreleased" to "## 1.2.3"',
    ],
    "a changelog whose latest version is the previous one": [
      () => repository.manifest({ version: "1.3.0" }),
      "CHANGELOG.md begins with 1.2.3",
    ],
    "a section without text": [
      () => repository.write("CHANGELOG.md", "# Changelog\n\n## 1.2.3\n\n## 1.2.2\n\n- More.\n"),
      '"## 1.2.3" in CHANGELOG.md is empty: describe the changes',
    ],
    "changes under Unreleased": [
      () => repository.write("CHANGELOG.md", "## Unreleased\n\n- More.\n\n## 1.2.3\n\n- All of it.\n"),
      'CHANGELOG.md has changes under "## Unreleased": move them to "## 1.2.3"',
    ],
    "a tag on another commit": [() => repository.git("tag", "v1.2.3"), "the tag v1.2.3 is at"],
    "a missing file": [
      () => repository.remove("dist/main.js"),
      "the tarball lacks dist/main.js: check the build",
    ],
    "a missing declaration": [
      () => repository.remove("dist/index.d.ts"),
      "the tarball lacks dist/index.d.ts",
    ],
    "an export without types": [
      () => repository.manifest({ exports: { ".": "./dist/index.js" } }),
      "the export . has no types",
    ],
    "a missing licence": [() => repository.remove("LICENSE"), "the tarball lacks LICENSE"],
    "a missing changelog": [() => repository.manifest({ files: ["dist"] }), "the tarball lacks CHANGELOG.md"],
    "a folder too many": [
      () => {
        repository.manifest({ files: ["dist", "CHANGELOG.md", "src"] });
        repository.write("src/index.ts", "");
      },
      'the tarball contains src/index.ts: remove it from "files" in package.json, or from dist',
    ],
    "a test in the build": [
      () => repository.write("dist/index.test.js", ""),
      "the tarball contains dist/index.test.js",
    ],
  };

  test.each(Object.keys(wrong))("a release fails for %s", async (name) => {
    const [spoil, message] = wrong[name]!;
    spoil();
    repository.commit();
    const { code, output } = await dryRun();
    expect(output).toContain(message);
    expect(output).toContain("nothing is published");
    expect(code).toBe(1);
    // It is the only failure, except for a version that npm itself does not pack.
    if (name !== "an invalid version") expect(output.match(/^failed/gm)).toHaveLength(1);
  });

  test("a release fails for uncommitted changes and lists them", async () => {
    repository.write("README.md", "# other\n");
    repository.write("new.txt", "");
    const { code, output } = await dryRun();
    expect(output).toContain("there are uncommitted changes: commit or stash them");
    expect(output).toContain(" M README.md");
    expect(output).toContain("?? new.txt");
    expect(code).toBe(1);
  });

  test("a release reports every failed check, not only the first", async () => {
    repository.write("CHANGELOG.md", "# Changelog\n");
    repository.remove("dist/main.js");
    const { output } = await dryRun();
    expect(output.match(/^failed/gm)).toHaveLength(3);
  });

  test("a release fails if the build fails", async () => {
    repository.manifest({ scripts: { build: "exit 1" } });
    repository.commit();
    expect((await dryRun()).code).toBe(1);
  });
});

describe("a release", () => {
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

  test("a release publishes nothing if a check fails", async () => {
    repository.write("new.txt", "");
    const { code } = await repository.run("release.mjs", []);
    expect(code).toBe(1);
    expect(published).toEqual({});
    expect(repository.git("tag")).toBe("");
  });

  test("a release makes no tag if npm rejects the package", async () => {
    answer = 403;
    const { code } = await repository.run("release.mjs", []);
    expect(code).toBe(1);
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
