/**
 * What a version has to be before it is published, and what CHANGELOG.md has to say of it. Its section, `## 1.2.3` or
 * `## 1.2.3 - 2026-01-31`, is the newest one and says something; `## Unreleased` may stand above it, as long as it is
 * empty.
 */

/** What semver.org gives, without the build's metadata: npm drops it, so that two versions would become one. */
const VERSION =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-((0|[1-9]\d*|\d*[a-z-][0-9a-z-]*)(\.(0|[1-9]\d*|\d*[a-z-][0-9a-z-]*))*))?$/i;

/** @returns {string[]} what is wrong, and what to do about it */
export function versionProblems(version) {
  if (VERSION.test(version ?? "")) return [];
  return [`${JSON.stringify(version)} is no semantic version: write one like 1.2.3 into package.json`];
}

/**
 * @param {string} text of CHANGELOG.md
 * @returns {string[]} what is wrong, and what to do about it
 */
export function changelogProblems(text, version) {
  const [unreleased, newest] = newestSections(text);
  if (newest?.title !== version) {
    const found = newest === undefined ? "has no section of a version" : `begins with ${newest.title}`;
    return [`CHANGELOG.md ${found}: rename "## Unreleased" to "## ${version}", or correct package.json`];
  }
  const problems = [];
  if (newest.body === "") problems.push(`"## ${version}" in CHANGELOG.md is empty: say what is new`);
  if (unreleased !== undefined && unreleased.body !== "") {
    problems.push(`CHANGELOG.md has changes under "## Unreleased": move them to "## ${version}"`);
  }
  return problems;
}

/** The section of what is not released yet, if it is there, and the one that follows. */
function newestSections(text) {
  const [, ...parts] = text.split(/^## /m);
  const sections = parts.map((part) => {
    const [heading, ...lines] = part.split("\n");
    const title = heading.trim().replace(/ - \d{4}-\d{2}-\d{2}$/, "");
    return { title, body: lines.join("\n").trim() };
  });
  return /^unreleased$/i.test(sections[0]?.title ?? "") ? sections : [undefined, ...sections];
}
