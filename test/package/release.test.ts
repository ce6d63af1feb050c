/** `npm run release`, in repositories made for it: each check stops it, and says what to do. */
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
  test("says what would be published, and does nothing", async () => {
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

  test("is one too where npm has kept the option for itself", async () => {
    const { code, output } = await repository.run("release.mjs", [], { npm_config_dry_run: "true" });
    expect(output).toContain("would run");
    expect(code).toBe(0);
    expect(repository.git("tag")).toBe("");
  });

  test("gives a version that comes before another to those alone who ask for it", async () => {
    repository.manifest({ version: "2.0.0-rc.1" });
    repository.write("CHANGELOG.md", "## Unreleased\n\n## 2.0.0-rc.1 - 2026-01-31\n\n- More.\n\n## 1.2.3\n");
    repository.commit();
    const { code, output } = await dryRun();
    expect(output).toContain("npm publish ./small-2.0.0-rc.1.tgz --tag next");
    expect(code).toBe(0);
  });

  test("is content with a tag that is here already, and does not make it again", async () => {
    repository.git("tag", "--annotate", "v1.2.3", "--message", "small 1.2.3");
    const { code, output } = await dryRun();
    expect(output).not.toContain("git tag");
    expect(code).toBe(0);
  });

  const wrong: Record<string, [break_: () => void, message: string]> = {
    "a version that is none": [
      () => repository.manifest({ version: "1.2" }),
      '"1.2" is not a semantic version: set one such as 1.2.3 in package.json',
    ],
    "a changelog that has only what is not released": [
      () => repository.write("CHANGELOG.md", "# Changelog\n\n## Unreleased\n\n- All of it.\n"),
      'CHANGELOG.md has no section for a version: rename "## Unreleased" to "## 1.2.3"',
    ],
    "a changelog that ends with the version before": [
      () => repository.manifest({ version: "1.3.0" }),
      "CHANGELOG.md begins with 1.2.3",
    ],
    "a section without text": [
      () => repository.write("CHANGELOG.md", "# Changelog\n\n## 1.2.3\n\n## 1.2.2\n\n- More.\n"),
      '"## 1.2.3" in CHANGELOG.md is empty: describe the changes',
    ],
    "changes that no version has": [
      () => repository.write("CHANGELOG.md", "## Unreleased\n\n- More.\n\n## 1.2.3\n\n- All of it.\n"),
      'CHANGELOG.md has changes under "## Unreleased": move them to "## 1.2.3"',
    ],
    "a tag that is elsewhere": [() => repository.git("tag", "v1.2.3"), "the tag v1.2.3 is at"],
    "a file that was to be there": [
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
    "a test among what is built": [
      () => repository.write("dist/index.test.js", ""),
      "the tarball contains dist/index.test.js",
    ],
  };

  test.each(Object.keys(wrong))("fails for %s", async (name) => {
    const [spoil, message] = wrong[name]!;
    spoil();
    repository.commit();
    const { code, output } = await dryRun();
    expect(output).toContain(message);
    expect(output).toContain("nothing is published");
    expect(code).toBe(1);
    // And it is all that it complains of, but for a version that npm itself does not pack.
    if (name !== "a version that is none") expect(output.match(/^failed/gm)).toHaveLength(1);
  });

  test("fails for what is not committed, and names it", async () => {
    repository.write("README.md", "# other\n");
    repository.write("new.txt", "");
    const { code, output } = await dryRun();
    expect(output).toContain("there are uncommitted changes: commit or stash them");
    expect(output).toContain(" M README.md");
    expect(output).toContain("?? new.txt");
    expect(code).toBe(1);
  });

  test("tells of everything that fails, not only of the first", async () => {
    repository.write("CHANGELOG.md", "# Changelog\n");
    repository.remove("dist/main.js");
    const { output } = await dryRun();
    expect(output.match(/^failed/gm)).toHaveLength(3);
  });

  test("fails where the build does", async () => {
    repository.manifest({ scripts: { build: "exit 1" } });
    repository.commit();
    expect((await dryRun()).code).toBe(1);
  });
});

describe("a release", () => {
  /** What the registry was given, by path. */
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

  /** Nothing here can reach npm's own registry: package.json names this one, and so does its configuration. */
  beforeEach(() => {
    const address = registry.address();
    const host = typeof address === "object" ? `127.0.0.1:${address?.port}` : "";
    repository.manifest({ publishConfig: { registry: `http://${host}/` } });
    repository.write(".npmrc", `registry=http://${host}/\n//${host}/:_authToken=secret\nfetch-retries=0\n`);
    repository.commit();
    answer = 201;
    for (const path of Object.keys(published)) delete published[path];
  });

  test("publishes the tarball that was checked, then tags the commit", async () => {
    const { code, output } = await repository.run("release.mjs", []);
    expect(output).toContain("git push origin v1.2.3");
    expect(code).toBe(0);
    expect(published["/small"]?.["dist-tags"]).toEqual({ latest: "1.2.3" });
    expect(output).toContain(`shasum ${published["/small"]?.versions["1.2.3"]?.dist.shasum}\n`);
    const head = repository.git("rev-parse", "HEAD");
    expect(repository.git("rev-parse", "v1.2.3^{commit}")).toBe(head);
    expect(repository.git("cat-file", "-t", "v1.2.3")).toBe("tag");
  });

  test("publishes nothing when a check fails", async () => {
    repository.write("new.txt", "");
    const { code } = await repository.run("release.mjs", []);
    expect(code).toBe(1);
    expect(published).toEqual({});
    expect(repository.git("tag")).toBe("");
  });

  test("tags nothing when npm does not take it", async () => {
    answer = 403;
    const { code } = await repository.run("release.mjs", []);
    expect(code).toBe(1);
    expect(repository.git("tag")).toBe("");
  });
});

/** What npm sends for a new version. */
interface Publication {
  readonly "dist-tags": Readonly<Record<string, string>>;
  readonly versions: Readonly<Record<string, { readonly dist: { readonly shasum: string } }>>;
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request) text += chunk;
  return text;
}
