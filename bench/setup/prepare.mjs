/** Everything a run needs: the dependencies of bench/, a fresh build of ampwire, a certificate. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { npm, root, run } from "../../scripts/run.mjs";

const bench = join(root, "bench");

/** @throws Error when a step fails */
export function prepare({ build }) {
  if (!installed()) must(npm(["ci", "--no-audit", "--no-fund"], { cwd: bench }), "npm ci in bench/");
  if (build) must(run(process.execPath, [join(root, "scripts", "build.mjs")]), "the build");
}

/** The lockfile that npm leaves in node_modules says what it has installed. */
function installed() {
  const hidden = join(bench, "node_modules", ".package-lock.json");
  if (!existsSync(hidden)) return false;
  const wanted = packages(join(bench, "package-lock.json"));
  const found = packages(hidden);
  return Object.entries(wanted).every(
    ([path, { version, optional }]) => path === "" || optional || found[path]?.version === version,
  );
}

function packages(lockfile) {
  return JSON.parse(readFileSync(lockfile, "utf8")).packages;
}

function must(status, what) {
  if (status !== 0) throw new Error(`${what} failed`);
}

/** A self-signed certificate, on P-256, and its key: the server's, and the authority that clients trust. */
export async function makeCertificate(dist) {
  const { PrivateCertificate } = await import(new URL("node/index.js", dist));
  const made = await PrivateCertificate.selfSigned({ commonName: "localhost" });
  return { cert: made.toPEM(), key: made.privateKey.export({ type: "pkcs8", format: "pem" }) };
}
