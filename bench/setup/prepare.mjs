/** Prepares a run: the dependencies of bench/, a new build of ampwire, a certificate. */
import { join } from "node:path";
import { npm, root, run } from "../../scripts/run.mjs";
import { dependenciesInstalled } from "../../scripts/setup.mjs";

const bench = join(root, "bench");

/** @throws Error if a step fails */
export function prepare({ build }) {
  if (!dependenciesInstalled(bench)) {
    mustSucceed(npm(["ci", "--no-audit", "--no-fund"], { cwd: bench }), "npm ci in bench/");
  }
  if (build) mustSucceed(run(process.execPath, [join(root, "scripts", "build.mjs")]), "the build");
}

function mustSucceed(status, step) {
  if (status !== 0) throw new Error(`${step} failed with code ${status}`);
}

/** Creates a self-signed certificate on P-256 and its key. Servers use both; clients trust the certificate. */
export async function makeCertificate(dist) {
  const { PrivateCertificate } = await import(new URL("node/index.js", dist));
  const certificate = await PrivateCertificate.selfSigned({ commonName: "localhost" });
  return {
    cert: certificate.toPEM(),
    key: certificate.privateKey.export({ type: "pkcs8", format: "pem" }),
  };
}
