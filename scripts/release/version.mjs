/**
 * Checks the version and its section in CHANGELOG.md. The section, `## 1.2.3` or `## 1.2.3 - 2026-01-31`, must be the
 * newest one and must not be empty. An empty `## Unreleased` may precede it.
 */

/** Pattern of semver.org without build metadata. npm removes the metadata, so two versions could become equal. */
const VERSION =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-((0|[1-9]\d*|\d*[a-z-][0-9a-z-]*)(\.(0|[1-9]\d*|\d*[a-z-][0-9a-z-]*))*))?$/i;

/** @returns {string[]} problems, each with its fix */
export function versionProblems(version) {
  if (VERSION.test(version ?? "")) return [];
  return [`${JSON.stringify(version)} is not a semantic version: set one such as 1.2.3 in package.json`];
}

/**
 * npm verifies the origin of a build by this address, and shows its links.
 *
 * @param {{ repository?: { url?: string }, bugs?: { url?: string }, homepage?: string }} manifest
 * @returns {string[]} problems, each with its fix
 */
export function addressProblems({ repository, bugs, homepage }) {
  const addresses = [repository?.url, bugs?.url, homepage].filter((address) => address?.includes("/OWNER/"));
  return addresses.map((address) => `${address} has no owner: replace OWNER in package.json and in .github`);
}

/**
 * @param {string} text content of CHANGELOG.md
 * @returns {string[]} problems, each with its fix
 */
export function changelogProblems(text, version) {
  const [unreleased, newest] = newestSections(text);
  if (newest?.title !== version) {
    const found = newest === undefined ? "has no section for a version" : `begins with ${newest.title}`;
    return [`CHANGELOG.md ${found}: rename "## Unreleased" to "## ${version}", or correct package.json`];
  }
  const problems = [];
  if (newest.body === "") problems.push(`"## ${version}" in CHANGELOG.md is empty: describe the changes`);
  if (unreleased !== undefined && unreleased.body !== "") {
    problems.push(`CHANGELOG.md has changes under "## Unreleased": move them to "## ${version}"`);
  }
  return problems;
}

/** Returns the section of unreleased changes, or undefined if there is none, and the newest released section. */
function newestSections(text) {
  const [, ...parts] = text.split(/^## /m);
  const sections = parts.map((part) => {
    const [heading, ...lines] = part.split("\n");
    const title = heading.trim().replace(/ - \d{4}-\d{2}-\d{2}$/, "");
    return { title, body: lines.join("\n").trim() };
  });
  return /^unreleased$/i.test(sections[0]?.title ?? "") ? sections : [undefined, ...sections];
}
