/**
 * The code blocks of the documentation. The line that begins a block names the language and a label, which says how the block
 * is checked: CONTRIBUTING.md describes the labels. A comment of HTML before a block, `<!-- with`, has code that a reader
 * does not need to see.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));

export interface Block {
  /** Path of the page in the repository. */
  readonly page: string;
  /** Line of the page where the block begins. */
  readonly line: number;
  readonly language: string;
  /** Words after the language; empty if there are none. */
  readonly label: string;
  readonly text: string;
  /** Code of the comments around the block: before it, and after it. */
  readonly around: readonly [with_: string, then: string];
}

/** Pages whose blocks are checked, as paths in the repository. */
export function checkedPages(): string[] {
  const inFolder = (folder: string, pattern: RegExp) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .map((file) => `${folder}/${file.replaceAll("\\", "/")}`)
      .filter((file) => pattern.test(file))
      .sort();
  return [
    ...["README.md", "CONTRIBUTING.md", "SECURITY.md", "SPEC.md"],
    ...inFolder("docs", /^docs\/(tutorial\/)?[^/]+\.md$/),
    ...inFolder("examples", /^examples\/[^/]+\/README\.md$/),
  ];
}

/** Returns the code blocks of a page. Steps in comments, which a reader does not see, are blocks too. */
export function blocksOf(page: string): Block[] {
  const text = readFileSync(join(root, page), "utf8");
  const fences =
    /(?:^<!-- with\n(.*?)^-->\n\n)?^(?:```|<!-- (?=\w+ terminal|\w+ \S+\.\w+\n))(\w*)(?: ([^\n]+))?\n(.*?)^(?:```|-->)$(?:\n\n<!-- then\n(.*?)^-->$)?/gms;
  return [...text.matchAll(fences)].map((match) => {
    const [, before = "", language = "", label = "", code = "", after = ""] = match;
    const start = (match.index ?? 0) + match[0].search(/^(```|<!-- (?!with))/m);
    const line = text.slice(0, start).split("\n").length;
    // A block in tabs has its name in brackets, as VitePress requires.
    return {
      page,
      line,
      language,
      label: label.replace(/^\[(.*)\]$/, "$1"),
      text: code,
      around: [before, after],
    };
  });
}

/** Returns true for a page with the comment `<!-- certificates -->`, whose commands need the certificates of the tutorial. */
export function needsCertificates(page: string): boolean {
  return readFileSync(join(root, page), "utf8").includes("\n<!-- certificates -->\n");
}

/** Returns the reason for which a block is not run; undefined if it is run. */
export function reasonNotToRun({ label }: Block): string | undefined {
  return /^(?:not run|compiled): (.+)$/.exec(label)?.[1];
}
