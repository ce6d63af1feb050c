/**
 * Search of the site: it finds error codes, options, words of every section, and phrases that users type. VitePress copies the
 * functions of the options into the page as text, so each one uses nothing outside of itself.
 */

/** Words of a phrase that say nothing about its subject. A phrase of such words only finds nothing. */
const STOP_WORDS =
  "a an and are can do does for how i in is it my of on or the there to use what when where which why with";

/**
 * Shortens an English word to the part that its forms share: `migrating` and `migration`, `logs` and `logging`.
 * @param {string} word
 * @returns {string}
 */
const stem = (word) => {
  const term = word.toLowerCase();
  if (!/^[a-z]{5,}$/.test(term)) return term;
  return term
    .replace(/([^s])s$/, "$1")
    .replace(/(.{3})(ations?|ating|ated?|ing|ed|ion|e)$/, "$1")
    .replace(/([bdglmnprt])\1$/, "$1");
};

/** Options of the index. */
export const indexOptions = { processTerm: stem };

/**
 * Options of a search. A section that has all words of the phrase comes before one that has some. A title counts more than
 * text. A long word may differ from the word of the page by one letter or two.
 */
export const searchOptions = {
  combineWith: "OR",
  boost: { title: 6, titles: 1, text: 1 },
  prefix: new Function("term", "return term.length > 2"),
  fuzzy: new Function("term", "return term.length > 5 && 0.15"),
  processTerm: new Function(
    "word",
    `return "${STOP_WORDS}".split(" ").includes(word.toLowerCase()) ? "" : (${stem})(word)`,
  ),
  boostDocument: new Function(
    "id",
    `return /^\\/(guides|tutorial)|reference\\/(options|error-codes|cli)/.test(id)
      ? 1.4
      : /changelog|architecture|contributing|background\\/security#|performance/.test(id)
        ? 0.6
        : 1`,
  ),
};

/**
 * Returns the HTML of a page for the index. The index has one entry for each heading, so rows of the table of options get
 * headings, and headings of small parts of the API lose theirs. A comment `<!-- search: WORDS -->` adds words that users type
 * to its section.
 *
 * @param {string} source
 * @param {{ path: string, relativePath: string, frontmatter?: Record<string, unknown> }} env
 * @param {import("markdown-it").default} md
 */
export function renderForSearch(source, env, md) {
  const { highlight } = md.options;
  md.options.highlight = null; // the index needs no colors, which take most of the time
  const html = md.render(source.replace(/^<!-- search: (.*?) -->$/gms, "$1"), env);
  md.options.highlight = highlight;
  if (env.frontmatter?.search === false) return "";
  return html
    .replace(/<!--.*?-->/gs, "")
    .replace(/<h[4-6][^>]*>(.*?)<\/h[4-6]>/gs, "<p>$1</p>")
    .replace(
      /<tr>\s*<td[^>]*><a id="([^"]+)" href="#\1"><code>([^<]+)<\/code><\/a>/g,
      '<h2 id="$1">$2 <a class="header-anchor" href="#$1"></a></h2><tr><td>',
    );
}
