/** Pages that a reader follows with a terminal: the tutorial, and guides with files and commands. */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("../../docs/", import.meta.url));

export type Step =
  /** A file to save. */
  | { readonly kind: "file"; readonly name: string; readonly text: string }
  /** Commands to run in a terminal. */
  | { readonly kind: "run"; readonly terminal: string; readonly text: string }
  /** Text that a terminal shows. */
  | { readonly kind: "output"; readonly terminal: string; readonly text: string }
  /** Packages to install. */
  | { readonly kind: "install"; readonly packages: readonly string[] };

export interface FollowedPage {
  /** Path in docs/. */
  readonly name: string;
  readonly steps: readonly Step[];
}

/** The steps of the tutorial, in order. */
export function tutorial(): FollowedPage[] {
  return readdirSync(`${folder}tutorial`)
    .filter((file) => /^\d/.test(file))
    .sort()
    .map((file) => followedPage(`tutorial/${file}`));
}

/** The guides that have blocks for a terminal. */
export function followedGuides(): FollowedPage[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith(".md") && /^```sh terminal /m.test(readFileSync(folder + file, "utf8")))
    .map(followedPage);
}

function followedPage(name: string): FollowedPage {
  const page = readFileSync(folder + name, "utf8");
  const blocks = [...page.matchAll(/^```(\w+)(?: ([^\n]+))?\n(.*?)^```$/gms)];
  return {
    name,
    // A block in tabs has its name in brackets, as VitePress requires.
    steps: blocks.flatMap(([, language = "", label = "", text = ""]) =>
      stepsOf(language, label.replace(/^\[(.*)\]$/, "$1"), text),
    ),
  };
}

/** A block without a label is an excerpt, which other tests compile or which names files of a system. */
function stepsOf(language: string, label: string, text: string): Step[] {
  if (label.startsWith("terminal ")) {
    return [{ kind: language === "sh" ? "run" : "output", terminal: label, text }];
  }
  const installed = language === "sh" ? /^npm install ([^\n]*)\n$/.exec(text)?.[1] : undefined;
  if (installed !== undefined) return [{ kind: "install", packages: installed.split(" ") }];
  return /^\S+\.\w+$/.test(label) ? [{ kind: "file", name: label, text }] : [];
}

/** The files that a reader of the tutorial has at the end, by name. */
export function finishedFiles(): Map<string, string> {
  const files = tutorial().flatMap(({ steps }) => steps.filter((step) => step.kind === "file"));
  return new Map(files.map(({ name, text }) => [name, text]));
}
