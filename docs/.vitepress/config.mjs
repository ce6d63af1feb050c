/** The site. Pages and sidebar are in pages.mjs; the Markdown files stay where the repository has them. */
import { defineConfig } from "vitepress";
import { repositoryLinks } from "./links.mjs";
import { pageOf, sections } from "./pages.mjs";
import { description, repository, root, version } from "./repository.mjs";
import { indexOptions, renderForSearch, searchOptions } from "./search.mjs";
import { pageTypes, typesOnHover } from "./twoslash.mjs";

export default defineConfig({
  title: "ampwire",
  description,
  lang: "en",
  srcDir: root,
  outDir: `${root}site`,
  cleanUrls: true,
  lastUpdated: true,
  // The site shows the pages of pages.mjs. Other Markdown files stay in the repository.
  srcExclude: [
    "README.md",
    "bench/**",
    "src/**",
    "test/**",
    "site/**",
    "wireshark/**",
    "docs/generated/api/index.md",
  ],
  rewrites: (id) => {
    const page = pageOf(id);
    if (page === undefined) throw new Error(`docs/.vitepress/pages.mjs does not list ${id}`);
    return `${page.address}.md`;
  },
  transformPageData: (page) => {
    // Not in the page itself, because the repository would show it as a table.
    if (page.relativePath === "background/performance.md") page.frontmatter.pageClass = "figures-page";
  },
  head: [
    ["link", { rel: "icon", type: "image/svg+xml", href: "/favicon.svg" }],
    ["meta", { name: "theme-color", content: "#0b6e75" }],
  ],
  markdown: {
    theme: { light: "github-light-high-contrast", dark: "github-dark-high-contrast" },
    codeTransformers: [typesOnHover],
    config: (md) => {
      repositoryLinks(md);
      emptyHeadsOfTables(md);
      pageTypes(md); // before the others, because it reads the labels and the comments around blocks
      titlesOfBlocks(md);
      diagrams(md);
    },
  },
  themeConfig: {
    logo: "/favicon.svg",
    nav: sections.map(({ text, groups }) => ({
      text,
      link: `/${groups[0]?.items[0]?.address}`,
      activeMatch: `^/${groups[0]?.items[0]?.address.split("/")[0]}/`,
    })),
    sidebar: sidebars(),
    outline: { level: [2, 3] },
    editLink: { pattern: `${repository}/edit/main/:path`, text: "Edit this page" },
    lastUpdated: { text: "Last changed" },
    externalLinkIcon: true,
    socialLinks: [{ icon: "github", link: repository }],
    search: {
      provider: "local",
      options: { _render: renderForSearch, miniSearch: { options: indexOptions, searchOptions } },
    },
    footer: { message: `ampwire ${version}, MIT licence` },
  },
  vite: {
    resolve: {
      alias: [
        {
          // Its label has to contain its visible text.
          find: /^.*\/VPNavBarSearchButton\.vue$/,
          replacement: `${root}docs/.vitepress/theme/SearchButton.vue`,
        },
      ],
    },
    publicDir: `${root}docs/public`,
    build: { chunkSizeWarningLimit: 4000 },
  },
});

/**
 * A head of a table without text becomes a cell: it names no column.
 * @param {import("markdown-it").default} md
 */
function emptyHeadsOfTables(md) {
  md.core.ruler.push("empty-heads-of-tables", ({ tokens }) => {
    for (const [index, token] of tokens.entries()) {
      if (token.type !== "th_open" || tokens[index + 1]?.content !== "") continue;
      for (const part of [token, tokens[index + 2]]) part.tag = "td";
    }
  });
}

/**
 * A diagram is scrolled on a narrow screen, also with the keyboard.
 * @param {import("markdown-it").default} md
 */
function diagrams(md) {
  md.core.ruler.push("diagrams", ({ tokens }) => {
    for (const [index, token] of tokens.entries()) {
      const [image, ...others] = tokens[index + 1]?.children ?? [];
      if (token.type !== "paragraph_open" || image?.type !== "image" || others.length > 0) continue;
      if (!image.attrGet("src")?.endsWith(".svg")) continue;
      token.attrSet("class", "diagram");
      token.attrSet("tabindex", "0");
    }
  });
}

/** Labels that are not for the reader: see CONTRIBUTING.md. The others have a meaning on the page. */
const HIDDEN_LABEL = /^$|^twoslash$|^alone$|^excerpt$|^(compiled|not run): |^\[/;

/**
 * Shows the label of a block, for example the name of the file to save: "```js server.mjs", "```sh terminal 1".
 * @param {import("markdown-it").default} md
 */
function titlesOfBlocks(md) {
  md.core.ruler.push("titles-of-blocks", (state) => {
    state.tokens = state.tokens.flatMap((token) => {
      const [language, ...words] = token.type === "fence" ? token.info.trim().split(" ") : [];
      const label = words.join(" ");
      if (HIDDEN_LABEL.test(label)) {
        token.info = label === "twoslash" || label.startsWith("[") ? token.info : (language ?? "");
        return [token];
      }
      const title = new state.Token("html_block", "", 0);
      title.content = `<p class="block-title">${md.utils.escapeHtml(language === "text" ? `output in ${label}` : label)}</p>`;
      token.info = language ?? ""; // VitePress would highlight the line with the number of a terminal
      return [title, token];
    });
  });
}

/** The sidebar of each section, by the first part of its addresses. */
function sidebars() {
  const entries = sections.flatMap(({ groups }) => {
    const items = groups.map(({ text, items: own, parts = [] }) => ({
      text,
      items: [...own.map(({ text: title, address }) => ({ text: title, link: `/${address}` })), ...parts],
    }));
    const folders = new Set(
      groups.flatMap(({ items: own }) => own.map(({ address }) => address.split("/")[0])),
    );
    return [...folders].map((folder) => [`/${folder}/`, items]);
  });
  return Object.fromEntries(entries);
}
