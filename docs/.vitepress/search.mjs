/** Search of the site: it finds error codes, options and words of every section. */

/**
 * Options of MiniSearch. A title counts more than text; a word must be spelt almost as in the page.
 */
export const searchOptions = {
  prefix: true,
  fuzzy: 0.15,
  combineWith: "AND",
  boost: { title: 6, titles: 1, text: 1 },
};

/**
 * Returns the HTML of a page for the index. The index has one entry for each heading, so rows of the table of options get
 * headings, and headings of small parts of the API lose theirs.
 *
 * @param {string} source
 * @param {{ path: string, relativePath: string, frontmatter?: Record<string, unknown> }} env
 * @param {import("markdown-it").default} md
 */
export function renderForSearch(source, env, md) {
  const { highlight } = md.options;
  md.options.highlight = null; // the index needs no colors, which take most of the time
  const html = md.render(source, env);
  md.options.highlight = highlight;
  if (env.frontmatter?.search === false) return "";
  return html
    .replace(/<h[4-6][^>]*>(.*?)<\/h[4-6]>/gs, "<p>$1</p>")
    .replace(
      /<tr>\s*<td[^>]*><a id="([^"]+)" href="#\1"><code>([^<]+)<\/code><\/a>/g,
      '<h2 id="$1">$2 <a class="header-anchor" href="#$1"></a></h2><tr><td>',
    );
}
