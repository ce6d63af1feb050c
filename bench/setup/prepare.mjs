/** Everything a run needs: the dependencies of bench/, a fresh build of ampwire, a certificate. */
import { join } from "node:path";
import { npm, root, run } from "../../scripts/run.mjs";
import { dependenciesInstalled } from "../../scripts/setup.mjs";

const bench = join(root, "bench");

/** @throws Error when a step fails */
export function prepare({ build }) {
  if (!dependenciesInstalled(bench))
    must(npm(["ci", "--no-audit", "--no-fund"], { cwd: bench }), "npm ci in bench/");
  if (build) must(run(process.execPath, [join(root, "scripts", "build.mjs")]), "the build");
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
