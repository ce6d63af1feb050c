/** All error classes with their codes, messages and the rows of docs/troubleshooting.md. */
import { readFileSync } from "node:fs";
import { join, posix } from "node:path";
import ts from "typescript";
import { AmpError } from "../../dist/index.js";
import { entryPoints, root } from "../.vitepress/repository.mjs";
import { docOf, ENTRY_POINTS, exportsOf, sources } from "./program.mjs";

/** The exports of all entry points. */
const modules = await Promise.all(
  [...entryPoints.values()].map((folder) => import(posix.join("../../dist", folder, "index.js"))),
);

/**
 * @typedef {object} ErrorEntry
 * @property {string} code
 * @property {string} fault
 * @property {string[]} classes exported classes with this code
 * @property {string} entryPoint the first one that exports the class
 * @property {string} meaning docstring of the class
 * @property {string} thrown when it is thrown, as Markdown
 * @property {string} fix what to do, as Markdown
 * @property {string[]} messages texts of the error, with `…` for values
 * @property {string[]} options names of options that the row or the messages name
 */

/** @param {ReadonlySet<string>} optionNames @returns {ErrorEntry[]} in the order of the page */
export function allErrors(optionNames) {
  const classes = Object.entries(Object.assign({}, ...modules)).filter(
    ([, value]) => typeof value === "function" && value.prototype instanceof AmpError,
  );
  const messages = messagesByClass(new Set(classes.map(([name]) => name)));
  return rows().map(([code, thrown, fix]) => {
    const named = classes.filter(([, value]) => value.prototype.code === code);
    const [first] = named;
    if (first === undefined) throw new Error(`no exported class has the code ${code}`);
    const [name, errorClass] = first;
    const entryPoint = [...ENTRY_POINTS.keys()].find((one) => exportsOf(one).has(name)) ?? "";
    const symbol = exportsOf(entryPoint).get(name);
    const texts = [...new Set(named.flatMap(([one]) => [...(messages.get(one) ?? [])]))];
    return {
      code,
      thrown,
      fix,
      entryPoint,
      fault: errorClass.prototype.fault,
      classes: named.map(([one]) => one),
      meaning: symbol === undefined ? "" : docOf(symbol),
      messages: texts,
      options: relatedOptions(`${thrown} ${fix}`, texts, optionNames),
    };
  });
}

/** @returns {[code: string, thrown: string, fix: string][]} the rows of docs/troubleshooting.md */
function rows() {
  const page = readFileSync(join(root, "docs/troubleshooting.md"), "utf8");
  return [...page.matchAll(/^\| `([A-Z_]+)` \| (.*) \| (.*) \|$/gm)].map(
    ([, code = "", thrown = "", fix = ""]) => [code, thrown, fix],
  );
}

/**
 * @param {ReadonlySet<string>} classes
 * @returns the texts with which the sources create errors of each class
 */
function messagesByClass(classes) {
  /** @type {Map<string, Set<string>>} */
  const found = new Map();
  /** @param {ts.Node} node */
  const visit = (node) => {
    if (ts.isNewExpression(node) && ts.isIdentifier(node.expression) && classes.has(node.expression.text)) {
      const text = node.arguments?.[0] && templateText(node.arguments[0]);
      const texts = found.get(node.expression.text) ?? new Set();
      // A text without a word of its own says nothing.
      if (text !== undefined && /\w{3,}/.test(text.replaceAll("…", ""))) texts.add(text);
      found.set(node.expression.text, texts);
    }
    ts.forEachChild(node, visit);
  };
  for (const file of sources) visit(file);
  return found;
}

/** @param {ts.Expression} node @returns {string | undefined} its text, with `…` for each value that is inserted */
function templateText(node) {
  if (ts.isStringLiteralLike(node)) return node.text;
  if (ts.isTemplateExpression(node)) {
    return node.templateSpans.reduce((text, { literal }) => `${text}…${literal.text}`, node.head.text);
  }
  if (ts.isBinaryExpression(node)) {
    const [left, right] = [templateText(node.left), templateText(node.right)];
    return left === undefined && right === undefined ? undefined : `${left ?? "…"}${right ?? "…"}`;
  }
  return undefined;
}

/**
 * @param {string} row Markdown, in which an option is code
 * @param {readonly string[]} messages in which only a name such as `maxBoxBytes` is certainly an option
 * @param {ReadonlySet<string>} optionNames
 */
function relatedOptions(row, messages, optionNames) {
  const code = [...row.matchAll(/`([^`]*)`/g)].flatMap(([, text = ""]) => text.match(/[A-Za-z]+/g) ?? []);
  const camelCase = messages.join(" ").match(/\b[a-z]+[A-Z]\w*/g) ?? [];
  return [...new Set([...code, ...camelCase])].filter((word) => optionNames.has(word) && word !== "path");
}
