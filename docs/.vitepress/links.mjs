/**
 * Links between pages are relative paths of files, so that they work on a repository page too. On the site they lead to the
 * address of the page, or to the repository if the file is not a page.
 */
import { existsSync, statSync } from "node:fs";
import { join, posix, relative } from "node:path";
import { pageOf } from "./pages.mjs";
import { repository, root } from "./repository.mjs";

/** @param {import("markdown-it").default} md */
export function repositoryLinks(md) {
  md.core.ruler.push("repository-links", ({ tokens, env }) => {
    // The title of a page is parsed again, without its path.
    if (env.path === undefined) return;
    const page = relative(root, env.realPath ?? env.path);
    for (const token of tokens.flatMap(({ children }) => children ?? [])) {
      const href = token.type === "link_open" ? token.attrGet("href") : null;
      if (href !== null) token.attrSet("href", siteLink(href, page));
    }
  });
}

/**
 * @param {string} href
 * @param {string} page path of the page in the repository
 * @throws {Error} if the link leads to a file that does not exist
 */
function siteLink(href, page) {
  if (/^([a-z]+:|#|\/)/i.test(href)) return href;
  const [path = "", anchor] = href.split("#");
  const target = posix.normalize(posix.join(posix.dirname(page), decodeURI(path))).replace(/\/$/, "");
  const hash = anchor === undefined ? "" : `#${anchor}`;
  const known = pageOf(target) ?? pageOf(posix.join(target, "README.md"));
  if (known !== undefined) return `/${known.address.replace(/^index$/, "")}${hash}`;
  if (!existsSync(join(root, target))) throw new Error(`${page}: the link ${href} leads to no file`);
  const kind = statSync(join(root, target)).isDirectory() ? "tree" : "blob";
  return `${repository}/${kind}/main/${target}${hash}`;
}
