/** What the tarball must hold, and what has no business in it. */

/** Beside what package.json promises under `exports` and `bin`. */
const REQUIRED = ["package.json", "README.md", "LICENSE", "CHANGELOG.md"];

/** Written down once more, since a slip in `files` of package.json would otherwise publish whatever it names. */
const ALLOWED = [
  /^(package\.json|README\.md|LICENSE|CHANGELOG\.md)$/,
  /^dist\/(?!.*\.(test|spec)\.).+\.(js|d\.ts)$/,
  /^wireshark\/[^/]+\.(lua|md)$/,
];

/**
 * @param {readonly string[]} files paths in the tarball
 * @returns {string[]} what is wrong, and what to do about it
 */
export function missingProblems(files, { exports = {}, bin = {} }) {
  const doors = Object.values(exports);
  const targets = [...doors.flatMap(targetsOf), ...Object.values(bin)].map((path) =>
    path.replace(/^\.\//, ""),
  );
  const missing = [...new Set([...REQUIRED, ...targets])].filter((path) => !files.includes(path));
  const untyped = Object.keys(exports).filter((door) => isUntyped(exports[door]));
  return [
    ...missing.map(
      (path) => `the tarball has no ${path}: see what the build makes, and "files" in package.json`,
    ),
    ...untyped.map((door) => `the export ${door} has no types: name its .d.ts under "types" in package.json`),
  ];
}

/**
 * @param {readonly string[]} files paths in the tarball
 * @returns {string[]} what is wrong, and what to do about it
 */
export function foreignProblems(files) {
  return files
    .filter((path) => !ALLOWED.some((pattern) => pattern.test(path)))
    .map((path) => `${path} is in the tarball: take it out of "files" in package.json, or out of dist`);
}

/** The files that an export leads to, under whichever condition. */
function targetsOf(target) {
  return typeof target === "string" ? [target] : Object.values(target).flatMap(targetsOf);
}

function isUntyped(target) {
  const targets = targetsOf(target);
  return targets.some((path) => path.endsWith(".js")) && !targets.some((path) => path.endsWith(".d.ts"));
}
