/** Checks that the released files are committed, and that the tag of the version is at this commit. */
import { output, run } from "../run.mjs";

/** @returns {string} the commit that would be released */
export function head() {
  return output("git", ["rev-parse", "HEAD"]).trim();
}

/** @returns {string | undefined} the commit of the tag, or undefined if there is no such tag */
export function commitOf(tag) {
  const args = ["rev-parse", "--verify", "--quiet", `refs/tags/${tag}^{commit}`];
  // With --quiet, the exit code alone reports a missing tag.
  return run("git", args, { stdio: "ignore" }) === 0 ? output("git", args).trim() : undefined;
}

/** @returns {string[]} problems, each with its fix */
export function tagProblems(tag) {
  const tagged = commitOf(tag);
  if (tagged === undefined || tagged === head()) return [];
  return [`the tag ${tag} is at ${short(tagged)}, not here at ${short(head())}: raise the version`];
}

/** @returns {string[]} problems, each with its fix */
export function treeProblems() {
  const changes = output("git", ["status", "--porcelain"]).trimEnd();
  if (changes === "") return [];
  return [`there are uncommitted changes: commit or stash them\n${changes}`];
}

export function short(commit) {
  return commit.slice(0, 7);
}
