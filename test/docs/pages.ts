/** The TypeScript of the documentation, as modules that are compiled and run. */
import { basename } from "node:path";
import { type Block, blocksOf, checkedPages } from "./blocks.ts";

export interface Module {
  readonly name: string;
  readonly code: string;
  /** The output that comments after `console.log` state, in order. */
  readonly expectedOutput: readonly string[];
  /** False for code that is compiled only. */
  readonly isRun: boolean;
}

/** Returns true for a block that is part of the module of its page. */
export const isInPageModule = ({ language, label }: Block) => language === "ts" && label === "";

/** Returns true for a block that is a module by itself. */
export const isExcerpt = ({ language, label }: Block) =>
  language === "ts" && (label === "excerpt" || label.startsWith("compiled: "));

/** Returns a module for each page with the blocks of that page, and one for each excerpt. */
export function modules(): Module[] {
  return checkedPages().flatMap((page) => {
    const blocks = blocksOf(page);
    const name = basename(page, ".md").toLowerCase();
    const code = blocks.filter(isInPageModule).map(({ text }) => text);
    const excerpts = blocks.filter(isExcerpt).map((block, index) => {
      const [before, after] = block.around;
      const isRun = block.label === "excerpt";
      return { ...moduleOf(`${name}-excerpt-${index + 1}`, before + block.text + after), isRun };
    });
    return code.length === 0 ? excerpts : [{ ...moduleOf(name, code.join("\n")), isRun: true }, ...excerpts];
  });
}

function moduleOf(name: string, code: string): Omit<Module, "isRun"> {
  const expectedOutput = [...code.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm)].map(
    ([, output = ""]) => output,
  );
  return { name, code, expectedOutput };
}
