/** A small package in a git repository of its own, with copies of the project's scripts, which work on their own folder. */
import { execFile, execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

const MANIFEST = {
  name: "small",
  version: "1.2.3",
  license: "MIT",
  type: "module",
  exports: {
    ".": { types: "./dist/index.d.ts", default: "./dist/index.js" },
    "./package.json": "./package.json",
  },
  bin: { small: "dist/main.js" },
  files: ["dist", "CHANGELOG.md"],
  scripts: { build: "exit 0" },
};

const FILES: Record<string, string> = {
  ".gitignore": "dist/\nnode_modules/\n",
  "README.md": "# small\n",
  LICENSE: "MIT\n",
  "CHANGELOG.md": "# Changelog\n\n## 1.2.3\n\n- All of it.\n",
  "dist/index.js": "export {};\n",
  "dist/index.d.ts": "export {};\n",
  "dist/main.js": "#!/usr/bin/env node\n",
  // Nothing to install, and nothing missing.
  "package-lock.json": JSON.stringify({ lockfileVersion: 3, packages: {} }),
  "node_modules/.package-lock.json": JSON.stringify({ packages: {} }),
};

export interface Outcome {
  readonly code: number;
  /** All output. */
  readonly output: string;
}

export class ScriptedRepository {
  readonly folder = mkdtempSync(join(tmpdir(), "ampwire-repository-"));

  constructor() {
    for (const [path, text] of Object.entries(FILES)) this.write(path, text);
    this.manifest({});
    cpSync(join(root, "scripts"), join(this.folder, "scripts"), { recursive: true });
    this.git("init", "--quiet", "--initial-branch=main");
    this.commit();
  }

  write(path: string, text: string): void {
    const file = join(this.folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }

  remove(path: string): void {
    rmSync(join(this.folder, path), { recursive: true });
  }

  /** Writes package.json with these fields in place of its own. */
  manifest(fields: object): void {
    this.write("package.json", JSON.stringify({ ...MANIFEST, ...fields }, undefined, 2));
  }

  git(...words: readonly string[]): string {
    const identity = [
      "-c",
      "user.name=Test",
      "-c",
      "user.email=test@example.com",
      "-c",
      "commit.gpgSign=false",
    ];
    return execFileSync("git", [...identity, ...words], { cwd: this.folder, encoding: "utf8" }).trim();
  }

  commit(): void {
    this.git("add", "--all");
    this.git("commit", "--quiet", "--allow-empty", "--message", "Change it");
  }

  /** Runs one of the scripts to its end. */
  run(
    script: string,
    words: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<Outcome> {
    // Independent of the git configuration of the machine.
    const identity = {
      GIT_AUTHOR_NAME: "Test",
      GIT_AUTHOR_EMAIL: "test@example.com",
      GIT_COMMITTER_NAME: "Test",
      GIT_COMMITTER_EMAIL: "test@example.com",
    };
    const options = { cwd: this.folder, env: { ...process.env, ...identity, ...env } };
    return new Promise((resolve) => {
      execFile(process.execPath, [`scripts/${script}`, ...words], options, (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code ?? 1), output: stdout + stderr });
      });
    });
  }

  delete(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
