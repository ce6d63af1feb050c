/** The Python modules of epoptes, a program that manages computer labs: its daemon and its user interface speak AMP. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { describeWith, type Need } from "./needs.ts";
import { TWISTED } from "./twisted.ts";

/** The folder where `scripts/setup.mjs` puts them; undefined if they are missing. */
export const epoptesFolder = [
  "/usr/lib/python3/dist-packages",
  resolve("node_modules/.cache/epoptes/usr/lib/python3/dist-packages"),
].find((candidate) => existsSync(`${candidate}/epoptes/daemon/commands.py`));

const EPOPTES: Need = {
  what: "epoptes",
  there: () => epoptesFolder !== undefined,
  missing: "the modules of epoptes are not there; Debian has them in the package epoptes",
};

/** Runs the tests if epoptes and Twisted are installed. */
export function describeWithEpoptes(name: string, tests: () => void): void {
  describeWith([TWISTED, EPOPTES], name, tests);
}
