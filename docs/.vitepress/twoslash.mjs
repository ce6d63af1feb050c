/**
 * Types on hover. A type is an attribute of its word, which theme/hover.js shows: a Vue component for each word, as the
 * package renders them by default, takes most of the time of a build and of the size of a page. The TypeScript blocks of a page
 * are one module, as the tests run them, so each block is compiled with the others. An excerpt is compiled with the comments
 * around it. A block that does not compile fails the build.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { defaultHoverInfoProcessor, transformerTwoslash } from "@shikijs/vitepress-twoslash";
import { createTwoslasher } from "twoslash";
import ts from "typescript";
import { root } from "./repository.mjs";

const cache = join(root, "docs/.vitepress/cache/types");

const compilerOptions = {
  strict: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: true,
  target: ts.ScriptTarget.ES2022,
  lib: ["lib.es2023.d.ts", "lib.esnext.disposable.d.ts", "lib.dom.d.ts"],
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  allowImportingTsExtensions: true,
  noEmit: true,
  types: ["node"],
};

/**
 * @typedef {object} Place a block in the module of its page
 * @property {string} code all blocks of the page
 * @property {number} start index of the block
 */

/** Blocks by their code. @type {Map<string, Place>} */
const places = new Map();

/**
 * Marks the blocks that begin with "```ts" and have no other word in this line, and the excerpts.
 * @param {import("markdown-it").default} md
 */
export function pageTypes(md) {
  md.core.ruler.push("page-types", ({ tokens }) => {
    for (const [index, block] of tokens.entries()) {
      if (block.type !== "fence" || !/^ts (excerpt|compiled: .*)$/.test(block.info.trim())) continue;
      const before = commentIn(tokens[index - 1], "with");
      const code = before + block.content + commentIn(tokens[index + 1], "then");
      places.set(block.content.trimEnd(), { code, start: before.length });
      block.info = "ts twoslash";
    }
    const blocks = tokens.filter(({ type, info }) => type === "fence" && info.trim() === "ts");
    const code = blocks.map(({ content }) => content).join("\n");
    let start = 0;
    for (const block of blocks) {
      places.set(block.content.trimEnd(), { code, start });
      block.info = "ts twoslash";
      start += block.content.length + 1;
    }
  });
}

/**
 * Returns the code in a comment of HTML that begins with a word; an empty text if the token is another one.
 * @param {{ type: string, content: string } | undefined} token
 * @param {string} word
 */
function commentIn(token, word) {
  if (token?.type !== "html_block") return "";
  return new RegExp(`^<!-- ${word}\n(.*?)^-->`, "ms").exec(token.content)?.[1] ?? "";
}

/** @type {ReturnType<typeof createTwoslasher> | undefined} */
let compile;

/** The result for each page, by its code. @type {Map<string, any>} */
const results = new Map();

/** @param {string} code all blocks of a page */
function resultFor(code) {
  const known = results.get(code) ?? readCache(code);
  if (known !== undefined) return known;
  compile ??= createTwoslasher({ compilerOptions, vfsRoot: root, tsModule: ts });
  const { nodes } = compile(code, "ts", { handbookOptions: { noErrorsCutted: true } });
  const result = { nodes: nodes.filter(({ type }) => type === "hover") };
  results.set(code, result);
  mkdirSync(cache, { recursive: true });
  writeFileSync(cacheFile(code), JSON.stringify(result));
  return result;
}

/** @param {string} code */
function readCache(code) {
  try {
    const result = JSON.parse(readFileSync(cacheFile(code), "utf8"));
    results.set(code, result);
    return result;
  } catch {
    return undefined;
  }
}

/** @param {string} code */
function cacheFile(code) {
  return join(cache, `${createHash("sha256").update(declarations()).update(code).digest("hex")}.json`);
}

/** @type {string | undefined} */
let declared;

/** The declarations of the package: hover texts change with them. */
function declarations() {
  declared ??= ts.sys
    .readDirectory(join(root, "dist"), [".d.ts"])
    .map((file) => readFileSync(file, "utf8"))
    .join("\n");
  return declared;
}

export const typesOnHover = transformerTwoslash({
  throws: true,
  renderer: {
    nodeStaticInfo({ text, docs }, word) {
      const properties = { class: "twoslash-hover", "data-type": defaultHoverInfoProcessor(text) };
      if (docs) Object.assign(properties, { "data-docs": docs.replace(/\s+/g, " ").trim() });
      return { type: "element", tagName: "span", properties, children: [word] };
    },
  },
  typesCache: {
    init() {},
    read(block) {
      const place = places.get(block.trimEnd());
      if (place === undefined) return null;
      const { code, start } = place;
      const end = start + block.length;
      const firstLine = code.slice(0, start).split("\n").length - 1;
      const nodes = resultFor(code)
        .nodes.filter((node) => node.start >= start && node.start + node.length <= end)
        .map((node) => ({ ...node, start: node.start - start, line: node.line - firstLine }));
      return { code: block, nodes, meta: { extension: "ts" } };
    },
    write() {},
  },
});
