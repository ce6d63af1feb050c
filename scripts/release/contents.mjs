/** Checks that the tarball contains the required files and no others. */

/** Required files, in addition to the targets of `exports` and `bin` in package.json. */
const REQUIRED = ["package.json", "README.md", "LICENSE", "CHANGELOG.md"];

/** Allowed files. A second list, so that a mistake in `files` of package.json publishes nothing else. */
const ALLOWED = [
  /^(package\.json|README\.md|LICENSE|CHANGELOG\.md)$/,
  /^dist\/(?!.*\.(test|spec)\.).+\.(js|d\.ts)$/,
  /^wireshark\/[^/]+\.(lua|md)$/,
];

/**
 * @param {readonly string[]} files paths in the tarball
 * @returns {string[]} problems, each with its fix
 */
export function missingProblems(files, { exports = {}, bin = {} }) {
  const entryPoints = Object.values(exports);
  const targets = [...entryPoints.flatMap(targetsOf), ...Object.values(bin)].map((path) =>
    path.replace(/^\.\//, ""),
  );
  const missing = [...new Set([...REQUIRED, ...targets])].filter((path) => !files.includes(path));
  const untyped = Object.keys(exports).filter((name) => isUntyped(exports[name]));
  return [
    ...missing.map((path) => `the tarball lacks ${path}: check the build, and "files" in package.json`),
    ...untyped.map((name) => `the export ${name} has no types: name its .d.ts under "types" in package.json`),
  ];
}

/**
 * @param {readonly string[]} files paths in the tarball
 * @returns {string[]} problems, each with its fix
 */
export function foreignProblems(files) {
  return files
    .filter((path) => !ALLOWED.some((pattern) => pattern.test(path)))
    .map((path) => `the tarball contains ${path}: remove it from "files" in package.json, or from dist`);
}

/** Returns the files of an export under all conditions. */
function targetsOf(target) {
  return typeof target === "string" ? [target] : Object.values(target).flatMap(targetsOf);
}

function isUntyped(target) {
  const targets = targetsOf(target);
  return targets.some((path) => path.endsWith(".js")) && !targets.some((path) => path.endsWith(".d.ts"));
}
