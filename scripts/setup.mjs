/**
 * Installs what a fresh clone lacks: the packages of package-lock.json, Twisted, epoptes, tshark, HAProxy and Chromium. The other
 * scripts call it, so that `npm test`, `npm start` and `npm run bench` need no preparation.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { npm, root, run } from "./run.mjs";

/** Debian's Python by default. The first `python3` in PATH may not be the one that apt installs packages for. */
const systemPython = "/usr/bin/python3";
export const python = process.env.AMPWIRE_PYTHON || systemPython;

/** Debian's. Its folder is not in PATH for every user. */
const systemHAProxy = "/usr/sbin/haproxy";
const haproxy = process.env.AMPWIRE_HAPROXY || systemHAProxy;
/** Folder of unpacked packages. */
const cache = join(root, "node_modules", ".cache");

const systemChromium = "/usr/bin/chromium";
const chromium = process.env.AMPWIRE_CHROMIUM || systemChromium;

/**
 * Installs the packages of package-lock.json if node_modules lacks any. Tries three times, because a registry may fail
 * for a moment. Exits the process if npm fails each time.
 * @param {string} [folder] folder of package-lock.json, relative to the root
 */
export function ensureDependencies(folder = "") {
  if (dependenciesInstalled(join(root, folder))) return;
  console.log(`installing the packages of ${join(folder, "package-lock.json")}`);
  const install = () =>
    npm(["ci", "--include=dev", "--no-audit", "--no-fund", "--loglevel=error"], {
      cwd: join(root, folder),
      stdio: ["ignore", "ignore", "inherit"],
    });
  const code = install() && install() && install();
  if (code !== 0) {
    console.error(`npm ci failed with code ${code}`);
    process.exit(1);
  }
}

/**
 * Compares the installed packages with package-lock.json by content. Modification times do not help: a checkout updates
 * the time of package-lock.json, and npm writes it after node_modules.
 *
 * @param {string} [folder] folder of package-lock.json and node_modules
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
 * Installs a program for tests that npm cannot install.
 *
 * @param {{ isPresent: () => boolean, installers: readonly (() => boolean)[], problem: string, tests: string }} program
 *   `installers` are tried in order
 * @returns {boolean} true if it is present. In CI its absence ends the process: skipped tests would look like passed ones.
 */
function ensure({ isPresent, installers, problem, tests }) {
  if (isPresent() || installers.some((install) => install() && isPresent())) return true;
  if (process.env.CI === "true") {
    console.error(`${problem}; with CI=true ${tests} must run`);
    process.exit(1);
  }
  console.warn(`${problem}: ${tests} will be skipped`);
  return false;
}

/** Ensures a Python that has Twisted with TLS. @returns {boolean} see {@link ensure} */
export function ensureTwisted(tests = "the interop tests") {
  return ensure({
    isPresent: () =>
      run(python, ["-c", "import twisted, OpenSSL, service_identity"], { stdio: "ignore" }) === 0,
    installers: [
      () =>
        python === systemPython &&
        installPackages("Twisted", ["python3-twisted", "python3-openssl", "python3-service-identity"]),
    ],
    problem: `${python} cannot import twisted, OpenSSL and service_identity (set AMPWIRE_PYTHON to another Python)`,
    tests,
  });
}

/** Folders of the examples in Twisted's documentation: of Debian's package, and of an unpacked copy. */
const twistedExamples = [
  "/usr/share/doc/twisted-doc/examples",
  join(cache, "twisted-doc", "usr/share/doc/twisted-doc/examples"),
];

/** Ensures the example programs of Twisted's documentation. @returns {boolean} see {@link ensure} */
export function ensureTwistedExamples() {
  return ensure({
    isPresent: () => twistedExamples.some((folder) => existsSync(join(folder, "ampclient.py"))),
    // Small images of Debian omit documentation. Then the package is unpacked into node_modules/.cache.
    installers: [() => installPackages("Twisted's examples", ["twisted-doc"]), () => unpack("twisted-doc")],
    problem: `cannot find ampclient.py in ${twistedExamples[0]}`,
    tests: "the tests with Twisted's examples",
  });
}

/** Ensures the modules of epoptes, whose dependencies are not needed. @returns {boolean} see {@link ensure} */
export function ensureEpoptes() {
  const module = "usr/lib/python3/dist-packages/epoptes/daemon/commands.py";
  return ensure({
    isPresent: () => [`/${module}`, join(cache, "epoptes", module)].some((file) => existsSync(file)),
    installers: [() => unpack("epoptes"), () => updateLists() && unpack("epoptes")],
    problem: "cannot download Debian's package epoptes",
    tests: "the tests with epoptes",
  });
}

/** Downloads a package with apt, and unpacks it into node_modules/.cache. @returns {boolean} true on success */
function unpack(name) {
  const folder = join(cache, name);
  mkdirSync(folder, { recursive: true });
  // apt downloads as another user, who may not write to this folder.
  const options = { cwd: folder, stdio: "ignore" };
  if (run("apt-get", ["-o", "APT::Sandbox::User=root", "download", "-qq", name], options) !== 0) return false;
  const archive = readdirSync(folder).find((file) => file.endsWith(".deb"));
  return archive !== undefined && run("dpkg-deb", ["-x", archive, "."], options) === 0;
}

function updateLists() {
  return process.getuid?.() === 0 && run("apt-get", ["update", "-qq"], { stdio: "ignore" }) === 0;
}

/** Ensures tshark, which the tests of the Wireshark dissector run. @returns {boolean} see {@link ensure} */
export function ensureTshark() {
  return ensure({
    isPresent: () => run("tshark", ["--version"], { stdio: "ignore" }) === 0,
    installers: [() => installPackages("tshark", ["tshark"])],
    problem: "tshark is not in PATH",
    tests: "the tests of the Wireshark dissector",
  });
}

/** Debian installs the server into a folder that is not in the PATH of every user. */
export const natsServer =
  process.env.AMPWIRE_NATS_SERVER ||
  (existsSync("/usr/sbin/nats-server") ? "/usr/sbin/nats-server" : "nats-server");

/** Ensures nats-server, which the tests of `ampwire/nats` start. @returns {boolean} see {@link ensure} */
export function ensureNatsServer(tests = "the tests with a NATS server") {
  return ensure({
    isPresent: () =>
      run(natsServer, ["--version"], { stdio: "ignore" }) === 0 || existsSync("/usr/sbin/nats-server"),
    installers: [() => installPackages("nats-server", ["nats-server"])],
    problem: "nats-server is not in PATH (set AMPWIRE_NATS_SERVER to another path)",
    tests,
  });
}

/** Ensures HAProxy, which the tests with a balancer run. @returns {boolean} see {@link ensure} */
export function ensureHAProxy() {
  return ensure({
    isPresent: () => run(haproxy, ["-v"], { stdio: "ignore" }) === 0,
    installers: [() => haproxy === systemHAProxy && installPackages("HAProxy", ["haproxy"])],
    problem: `cannot run ${haproxy} (set AMPWIRE_HAPROXY to another HAProxy)`,
    tests: "the tests with a balancer",
  });
}

/** Ensures Chromium, which the browser tests run. @returns {boolean} see {@link ensure} */
export function ensureChromium() {
  return ensure({
    isPresent: () => existsSync(chromium),
    installers: [() => chromium === systemChromium && installPackages("Chromium", ["chromium"])],
    problem: `cannot find ${chromium} (set AMPWIRE_CHROMIUM to another Chromium)`,
    tests: "the tests in a browser",
  });
}

/** Installs packages with apt, if this process is root and apt is present. @returns {boolean} true on success */
function installPackages(what, packages) {
  if (process.getuid?.() !== 0 || run("apt-get", ["--version"], { stdio: "ignore" }) !== 0) return false;
  console.log(`installing ${what} with apt-get`);
  const options = {
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  };
  // The installation may work with old package lists if the update fails.
  run("apt-get", ["update", "-qq"], options);
  return run("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...packages], options) === 0;
}
