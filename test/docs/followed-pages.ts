/** Pages that a reader follows with a terminal: the tutorial, and pages with files and commands. */
import { basename } from "node:path";
import { type Block, blocksOf, checkedPages } from "./blocks.ts";
import { isInPageModule } from "./pages.ts";

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
  /** Path in the repository. */
  readonly name: string;
  readonly steps: readonly Step[];
}

/** Labels of commands and their output, for example `terminal`, `terminal 2` and `terminal 2 (proxy)`. */
const TERMINAL = /^terminal( |$)/;

const isTutorial = (page: string) => /^docs\/tutorial\/\d/.test(page);

/** The steps of the tutorial, in order. */
export function tutorial(): FollowedPage[] {
  return checkedPages().filter(isTutorial).map(followedPage);
}

/** The other pages that have blocks for a terminal. */
export function followedGuides(): FollowedPage[] {
  return checkedPages()
    .filter((page) => !isTutorial(page))
    .filter((page) => blocksOf(page).some(({ label }) => TERMINAL.test(label)))
    .map(followedPage);
}

/** Commands that need no page before them: each block is run in an empty folder. */
export const blocksAlone = (): Block[] =>
  checkedPages().flatMap((page) => blocksOf(page).filter(({ label }) => label === "alone"));

function followedPage(name: string): FollowedPage {
  const blocks = blocksOf(name);
  const steps = blocks.flatMap(stepsOf);
  const program = `${basename(name, ".md")}.mjs`;
  const runsItself = steps.some((step) => step.kind === "run" && step.text.includes(`node ${program}\n`));
  if (!runsItself) return { name, steps };
  // The reader saves the blocks of the page as one program.
  const text = blocks.filter(isInPageModule).map((block) => block.text);
  return { name, steps: [{ kind: "file", name: program, text: text.join("\n") }, ...steps] };
}

/** Returns the step that a block of a followed page shows; an empty array if it shows none. */
export function stepsOf({ language, label, text }: Block): Step[] {
  if (TERMINAL.test(label)) {
    return [{ kind: language === "sh" ? "run" : "output", terminal: label, text }];
  }
  const installed =
    language === "sh" && label === "" ? /^npm install ([^\n]*)\n$/.exec(text)?.[1] : undefined;
  if (installed !== undefined) {
    return [{ kind: "install", packages: installed.split(" ").filter((word) => !word.startsWith("-")) }];
  }
  return /^\S+\.\w+$/.test(label) ? [{ kind: "file", name: label, text }] : [];
}

/** The files that a reader of the tutorial has at the end, by name. */
export function finishedFiles(): Map<string, string> {
  const files = tutorial().flatMap(({ steps }) => steps.filter((step) => step.kind === "file"));
  return new Map(files.map(({ name, text }) => [name, text]));
}
