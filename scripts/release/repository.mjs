/** What git has to say of a release: what is published is a commit, and its tag means no other one. */
import { output, run } from "../run.mjs";

/** @returns {string} the commit that would be released */
export function head() {
  return output("git", ["rev-parse", "HEAD"]).trim();
}

/** @returns {string | undefined} the commit that the tag means, or undefined where there is no such tag */
export function commitOf(tag) {
  const words = ["rev-parse", "--verify", "--quiet", `refs/tags/${tag}^{commit}`];
  // Quiet, it tells by its code alone that there is none.
  return run("git", words, { stdio: "ignore" }) === 0 ? output("git", words).trim() : undefined;
}

/** @returns {string[]} what is wrong, and what to do about it */
export function tagProblems(tag) {
  const tagged = commitOf(tag);
  if (tagged === undefined || tagged === head()) return [];
  return [`the tag ${tag} is at ${short(tagged)}, not here at ${short(head())}: raise the version`];
}

/** @returns {string[]} what is wrong, and what to do about it */
export function treeProblems() {
  const changes = output("git", ["status", "--porcelain"]).trimEnd();
  if (changes === "") return [];
  return [`what is here is not what is committed: commit it, or put it away\n${changes}`];
}

export function short(commit) {
  return commit.slice(0, 7);
}
