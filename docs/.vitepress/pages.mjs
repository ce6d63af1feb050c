/**
 * Every page of the site: its file in the repository, its address, and its place in the sidebar. Files stay where readers
 * of the repository find them. `docs/generated/` is written by `docs/generate/main.mjs`.
 *
 * @typedef {object} Page
 * @property {string} file path in the repository
 * @property {string} address path on the site, without extension
 * @property {string} text title in the sidebar
 *
 * @typedef {object} Group
 * @property {string} text heading in the sidebar
 * @property {readonly Page[]} items
 * @property {readonly { text: string, link: string }[]} [parts] sections of pages of other groups
 *
 * @typedef {object} Section
 * @property {string} text title in the navigation
 * @property {Group[]} groups
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { entryPoints, root } from "./repository.mjs";

/**
 * @param {string} folder first part of the addresses
 * @param {readonly (readonly [file: string, text: string, name?: string])[]} pages `name` is the last part of the address
 * @returns {Page[]}
 */
function pagesIn(folder, pages) {
  return pages.map(([file, text, name]) => ({ file, text, address: `${folder}/${name ?? baseName(file)}` }));
}

/** @param {string} file */
function baseName(file) {
  const [last = ""] = file.split("/").slice(-1);
  return last.replace(/\.md$/, "").toLowerCase();
}

/**
 * @param {string} folder
 * @param {RegExp} pattern of the path in the folder
 */
function filesIn(folder, pattern) {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((path) => pattern.test(path))
    .map((path) => `${folder}/${path}`)
    .sort();
}

/** @param {string} file @returns the heading of the page */
function titleOf(file) {
  const [, title = file] = /^# (.*)$/m.exec(readFileSync(join(root, file), "utf8")) ?? [];
  return title;
}

/** @type {readonly Section[]} */
export const sections = [
  {
    text: "Tutorial",
    groups: [
      {
        text: "Getting started",
        items: pagesIn("tutorial", [["docs/first-call.md", "A server, a client, a call"]]),
      },
      {
        text: "A job service",
        items: pagesIn("tutorial", [
          ["docs/tutorial/README.md", "In seven steps", "job-service"],
          ["docs/tutorial/1-commands.md", "1. Commands"],
          ["docs/tutorial/2-server-and-client.md", "2. Server and client"],
          ["docs/tutorial/3-starttls.md", "3. StartTLS"],
          ["docs/tutorial/4-calls-to-the-client.md", "4. Calls to the client"],
          ["docs/tutorial/5-reconnecting.md", "5. Reconnecting"],
          ["docs/tutorial/6-web-page.md", "6. A web page"],
          ["docs/tutorial/7-tests.md", "7. Tests"],
        ]),
      },
    ],
  },
  {
    text: "Guides",
    groups: [
      {
        text: "Overview",
        items: pagesIn("guides", [["docs/README.md", "All pages by task", "overview"]]),
      },
      {
        text: "Calls",
        items: pagesIn("guides", [
          ["docs/commands-and-types.md", "Commands, types and responders"],
          ["docs/errors.md", "Error handling"],
          ["docs/server-to-client-calls.md", "Server-to-client calls"],
          ["docs/large-values.md", "Values over 64 KiB"],
          ["docs/testing.md", "Testing"],
        ]),
      },
      {
        text: "Connections",
        items: pagesIn("guides", [
          ["docs/starttls.md", "StartTLS and mutual TLS"],
          ["docs/servers.md", "Servers and connections"],
          ["docs/reconnecting.md", "Reconnecting and heartbeats"],
          ["docs/browser.md", "AMP in the browser"],
          ["docs/child-processes.md", "Child processes and stdio"],
          ["docs/switching-protocol.md", "Switching protocols"],
          ["docs/file-descriptors.md", "File descriptors"],
        ]),
      },
      {
        text: "Operation",
        items: pagesIn("guides", [
          ["docs/deployment.md", "Deployment"],
          ["docs/many-processes.md", "Many processes"],
          ["docs/security-checklist.md", "Security checklist"],
          ["docs/monitoring.md", "Monitoring"],
          ["docs/debugging.md", "Debugging"],
          ["docs/troubleshooting.md", "Troubleshooting"],
          ["docs/faq.md", "Frequently asked questions"],
        ]),
      },
      {
        text: "Twisted",
        items: pagesIn("guides", [["docs/migrating-from-twisted.md", "Migrating from Twisted"]]),
      },
      {
        text: "Example programs",
        items: filesIn("examples", /^[^/]+\/README\.md$/).map((file) => ({
          file,
          text: titleOf(file),
          address: file.replace(/\/README\.md$/, ""),
        })),
      },
    ],
  },
  {
    text: "Reference",
    groups: [
      {
        text: "Tables",
        items: pagesIn("reference", [
          ["docs/generated/options.md", "Options, limits and defaults"],
          ["docs/generated/error-codes.md", "Error codes"],
          ["docs/generated/command-line.md", "Options of the command line"],
          ["docs/cli.md", "Command line"],
          ["SPEC.md", "Wire protocol", "wire-protocol"],
          ["docs/runtimes.md", "Supported runtimes"],
        ]),
        parts: [
          {
            text: "Names of Twisted",
            link: "/guides/migrating-from-twisted#names-of-twisted",
          },
        ],
      },
      {
        text: "API",
        items: [...entryPoints.keys()].map((name) => ({
          file: `docs/generated/api/${name}.md`,
          text: name,
          address: `reference/${name.replaceAll("/", "-")}`,
        })),
      },
    ],
  },
  {
    text: "Background",
    groups: [
      {
        text: "Background",
        items: pagesIn("background", [
          ["ARCHITECTURE.md", "Architecture"],
          ["docs/upgrade.md", "The StartTLS upgrade"],
          ["docs/security-model.md", "Security model"],
          ["SECURITY.md", "Security promises and tests"],
          ["docs/performance.md", "Performance"],
          ["CHANGELOG.md", "Changelog"],
          ["CONTRIBUTING.md", "Contributing"],
        ]),
      },
    ],
  },
];

/** Guides that no group lists yet. */
const unlisted = filesIn("docs", /^[^/]+\.md$/).filter(
  (file) => file !== "docs/index.md" && !listed().some((page) => page.file === file),
);
if (unlisted.length > 0) {
  const items = pagesIn(
    "guides",
    unlisted.map((file) => [file, titleOf(file)]),
  );
  sections.find(({ text }) => text === "Guides")?.groups.push({ text: "More", items });
}

function listed() {
  return sections.flatMap(({ groups }) => groups.flatMap(({ items }) => items));
}

/** The landing page, which is in no section. @type {Page} */
const home = { file: "docs/index.md", text: "ampwire", address: "index" };

/** @type {readonly Page[]} */
export const pages = [home, ...listed()];

const byFile = new Map(pages.map((page) => [page.file, page]));

/** @param {string} file path in the repository @returns {Page | undefined} */
export function pageOf(file) {
  return byFile.get(file === "README.md" ? home.file : file);
}
