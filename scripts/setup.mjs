/**
 * Fetches what a fresh clone lacks: the packages of package-lock.json, and a Twisted to talk to. Called by
 * the other scripts, so that `npm test`, `npm start` and `npm run bench` need no step before them.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { npm, root, run } from "./run.mjs";

/** Debian's own Python by default: whichever `python3` comes first in PATH need not be the one that apt serves. */
const systemPython = "/usr/bin/python3";
export const python = process.env.AMPWIRE_PYTHON || systemPython;

const systemChromium = "/usr/bin/chromium";
const chromium = process.env.AMPWIRE_CHROMIUM || systemChromium;

/** Installs the packages of package-lock.json, unless node_modules holds them already. Exits when it cannot. */
export function ensureDependencies() {
  if (dependenciesInstalled()) return;
  console.log("installing the packages of package-lock.json");
  const code = npm(["ci", "--include=dev", "--no-audit", "--no-fund", "--loglevel=error"], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  if (code !== 0) {
    console.error(`npm ci failed with code ${code}`);
    process.exit(1);
  }
}

/**
 * Compares what npm installed with what it should install. By content and not by time: a checkout makes
 * package-lock.json new without changing it, and npm writes it after node_modules.
 *
 * @param {string} [folder] where both are
 * @returns {boolean}
 */
export function dependenciesInstalled(folder = root) {
  const wanted = lockedPackages(join(folder, "package-lock.json"));
  const installed = lockedPackages(join(folder, "node_modules", ".package-lock.json"));
  if (wanted === undefined || installed === undefined) return false;
  return Object.entries(wanted).every(([path, { version, integrity, optional }]) => {
    if (path === "") return true;
    const found = installed[path];
    if (found === undefined) return optional === true;
    return found.version === version && found.integrity === integrity;
  });
}

function lockedPackages(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8")).packages;
  } catch {
    return undefined;
  }
}

/**
 * Sees to something that tests want and that npm cannot install: apt does, where it can be used.
 *
 * @param {{ there: () => boolean, ways: readonly (() => boolean)[], problem: string, tests: string }} wanted
 *   `ways` of coming by it are tried in order
 * @returns {boolean} whether it is there. In CI its absence ends the process: skipped tests would look like passed ones.
 */
function ensure({ there, ways, problem, tests }) {
  if (there() || ways.some((way) => way() && there())) return true;
  if (process.env.CI === "true") {
    console.error(`${problem}; with CI=true ${tests} must run`);
    process.exit(1);
  }
  console.warn(`${problem}: ${tests} will be skipped`);
  return false;
}

/** A Python that has Twisted with TLS. @returns {boolean} see {@link ensure} */
export function ensureTwisted(tests = "the interop tests") {
  return ensure({
    there: () => run(python, ["-c", "import twisted, OpenSSL, service_identity"], { stdio: "ignore" }) === 0,
    ways: [
      () =>
        python === systemPython &&
        installPackages("Twisted", ["python3-twisted", "python3-openssl", "python3-service-identity"]),
    ],
    problem: `${python} cannot import twisted, OpenSSL and service_identity (AMPWIRE_PYTHON names another Python)`,
    tests,
  });
}

/** Where Debian has the examples of Twisted's documentation, and where we put them if it does not. */
const twistedExamples = [
  "/usr/share/doc/twisted-doc/examples",
  join(root, "node_modules", ".cache", "twisted-doc", "usr/share/doc/twisted-doc/examples"),
];

/** The example programs of Twisted's documentation, which talk with the command. @returns {boolean} see {@link ensure} */
export function ensureTwistedExamples() {
  return ensure({
    there: () => twistedExamples.some((folder) => existsSync(join(folder, "ampclient.py"))),
    // Small images of Debian are told to leave documentation out: then it is unpacked beside.
    ways: [() => installPackages("Twisted's examples", ["twisted-doc"]), unpackTwistedExamples],
    problem: `there is no ampclient.py in ${twistedExamples[0]}`,
    tests: "the tests with Twisted's examples",
  });
}

function unpackTwistedExamples() {
  const folder = join(root, "node_modules", ".cache", "twisted-doc");
  mkdirSync(folder, { recursive: true });
  // apt drops its rights for a download, and may not be able to write there then.
  const options = { cwd: folder, stdio: "ignore" };
  if (run("apt-get", ["-o", "APT::Sandbox::User=root", "download", "-qq", "twisted-doc"], options) !== 0)
    return false;
  const archive = readdirSync(folder).find((name) => name.endsWith(".deb"));
  return archive !== undefined && run("dpkg-deb", ["-x", archive, "."], options) === 0;
}

/** Wireshark's command for the terminal, which the tests of our dissector run. @returns {boolean} see {@link ensure} */
export function ensureTshark() {
  return ensure({
    there: () => run("tshark", ["--version"], { stdio: "ignore" }) === 0,
    ways: [() => installPackages("tshark", ["tshark"])],
    problem: "there is no tshark in PATH",
    tests: "the tests of the Wireshark dissector",
  });
}

/** A Chromium, which the tests of pages drive. @returns {boolean} see {@link ensure} */
export function ensureChromium() {
  return ensure({
    there: () => existsSync(chromium),
    ways: [() => chromium === systemChromium && installPackages("Chromium", ["chromium"])],
    problem: `there is no ${chromium} (AMPWIRE_CHROMIUM names another)`,
    tests: "the tests in a browser",
  });
}

/** Where apt can be used: as root, on Debian and its like. */
function installPackages(what, packages) {
  if (process.getuid?.() !== 0 || run("apt-get", ["--version"], { stdio: "ignore" }) !== 0) return false;
  console.log(`installing ${what} with apt-get`);
  const options = {
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  };
  // A failed update is no reason to stop: the lists at hand may do.
  run("apt-get", ["update", "-qq"], options);
  return run("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...packages], options) === 0;
}
