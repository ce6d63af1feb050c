/**
 * Finds the prose in a file: the text of a page, and in code its comments, test titles and messages.
 *
 * @typedef {"text" | "comment" | "title" | "string"} Kind `text` is a line of a page, `string` a message
 *
 * @typedef {object} Line
 * @property {number} number the line in the file, from 1
 * @property {Kind} kind
 * @property {string} text without the comment's marks and the indentation
 */

/** Comments and literals of JavaScript and TypeScript. */
const TOKEN = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`/g;
/** The code in front of a literal that is the title of a test or of a group of tests, `test.each(...)(` included. */
const BEFORE_TITLE = /\b(?:test|it|describe)(?:\.\w+)*(?:\([^"'`]*\))?\(\s*$/;
/** The number of characters in which `BEFORE_TITLE` is searched. */
const TITLE_REACH = 60;
/** A literal with fewer characters is a word of the program, not a message. */
const SHORTEST_MESSAGE = 8;

/**
 * @param {string} file its name decides how it is read
 * @param {string} text its content
 * @returns {Line[]} the lines with prose, in their order
 */
export function extractProse(file, text) {
  if (file.endsWith(".md")) return inMarkdown(file, text);
  if (file.endsWith(".py")) return [...inLineComments(text, /#\s?(.*)$/), ...inPythonDocstrings(text)];
  if (file.endsWith(".lua")) return inLineComments(text, /--+\s?(.*)$/);
  return inScript(text);
}

/** Returns the text outside code blocks, and the comments inside them. */
function inMarkdown(file, text) {
  const found = [];
  let code = false;
  for (const [index, line] of text.split("\n").entries()) {
    if (line.startsWith("```")) {
      code = !code;
      continue;
    }
    // Its tables are written by the benchmark.
    if (file === "docs/performance.md" && line.startsWith("|")) continue;
    const shown = (code ? /(?<!:)\/\/\s?(.*)/.exec(line)?.[1] : line)?.trim();
    if (shown) found.push({ number: index + 1, kind: "text", text: shown });
  }
  return found;
}

function inLineComments(text, mark) {
  return text.split("\n").flatMap((line, index) => {
    const shown = mark.exec(line)?.[1].trim();
    return shown ? [{ number: index + 1, kind: "comment", text: shown }] : [];
  });
}

function inPythonDocstrings(text) {
  const lineAt = lineCounter(text);
  return [...text.matchAll(/"""([\s\S]*?)"""/g)].flatMap((match) =>
    linesOf(match[1], lineAt(match.index), "comment"),
  );
}

function inScript(text) {
  const lineAt = lineCounter(text);
  return [...text.matchAll(TOKEN)].flatMap((match) => {
    const [token] = match;
    const number = lineAt(match.index);
    if (token.startsWith("/*")) {
      return linesOf(token.replace(/^\/\*+|\*\/$/g, ""), number, "comment", /^\s*\*?\s?/);
    }
    if (token.startsWith("//")) {
      // After a colon it is the middle of an address.
      return text[match.index - 1] === ":" ? [] : linesOf(token.slice(2), number, "comment");
    }
    const literal = token.slice(1, -1);
    if (literal.length < SHORTEST_MESSAGE || !literal.includes(" ")) return [];
    const before = text.slice(Math.max(0, match.index - TITLE_REACH), match.index);
    return linesOf(literal, number, BEFORE_TITLE.test(before) ? "title" : "string");
  });
}

/** Splits a comment or a literal that begins on line `first` into its lines, without those that are empty. */
function linesOf(body, first, kind, indentation = /^\s*/) {
  return body.split("\n").flatMap((line, index) => {
    const text = line.replace(indentation, "").trim();
    return text === "" ? [] : [{ number: first + index, kind, text }];
  });
}

/** Returns a function that gives the line of an offset in `text`. Offsets must not decrease from call to call. */
function lineCounter(text) {
  let line = 1;
  let counted = 0;
  return (offset) => {
    for (; counted < offset; counted++) if (text[counted] === "\n") line++;
    return line;
  };
}
