/** The pages of the tutorial as steps that a reader takes. */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("../../docs/tutorial/", import.meta.url));

export type Step =
  /** A file to save. */
  | { readonly kind: "file"; readonly name: string; readonly text: string }
  /** Commands to run in a terminal. */
  | { readonly kind: "run"; readonly terminal: string; readonly text: string }
  /** Text that a terminal shows. */
  | { readonly kind: "output"; readonly terminal: string; readonly text: string }
  /** Packages to install. */
  | { readonly kind: "install"; readonly packages: readonly string[] };

export interface TutorialPage {
  readonly name: string;
  readonly steps: readonly Step[];
}

export function tutorial(): TutorialPage[] {
  return readdirSync(folder)
    .filter((file) => /^\d/.test(file))
    .sort()
    .map((file) => ({ name: file, steps: stepsOf(readFileSync(folder + file, "utf8")) }));
}

function stepsOf(page: string): Step[] {
  return [...page.matchAll(/^```(\w+)(?: ([^\n]+))?\n(.*?)^```$/gms)].map(
    ([, language, label = "", text = ""]) => {
      if (label.startsWith("terminal ")) {
        return { kind: language === "sh" ? "run" : "output", terminal: label, text };
      }
      const installed = /^npm install (.*)\n$/.exec(text)?.[1];
      if (language === "sh" && installed !== undefined) {
        return { kind: "install", packages: installed.split(" ") };
      }
      if (label === "") throw new Error(`the block has no file name and no terminal:\n${text}`);
      return { kind: "file", name: label, text };
    },
  );
}

/** The files that a reader has at the end, by name. */
export function finishedFiles(): Map<string, string> {
  const files = tutorial().flatMap(({ steps }) => steps.filter((step) => step.kind === "file"));
  return new Map(files.map(({ name, text }) => [name, text]));
}
