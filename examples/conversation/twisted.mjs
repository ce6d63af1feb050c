/** Makes the same calls to a server with `twisted.protocols.amp`, in plaintext and inside TLS. */
import { spawn, spawnSync } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { connect } from "ampwire/node";
import { say } from "./output.mjs";

const python = process.env.AMPWIRE_PYTHON ?? "/usr/bin/python3";
const peer = fileURLToPath(new URL("../../test/interop/twisted/peer.py", import.meta.url));

export async function callTwisted({ Sum, Divide, ZeroDivisionError }) {
  const version = installedVersion();
  if (version === undefined) {
    say(
      "",
      `skipped: ${python} has no Twisted; run apt-get install python3-twisted python3-openssl python3-service-identity`,
    );
    return;
  }
  // The server exits when its standard input ends.
  const twisted = spawn(python, [peer, "server", "--port", "0"], { stdio: ["pipe", "pipe", "ignore"] });
  try {
    const { port } = await listening(twisted);
    const connection = await connect({ port, host: "127.0.0.1" });
    say("client", `connects to Twisted ${version} and calls Sum { a: 13, b: 81 }`);
    say("client", "received", await connection.callRemote(Sum, { a: 13, b: 81 }));
    await connection.startTLS();
    say("client", `uses ${connection.tls.protocol}; Twisted's certificate is ${connection.peerCertificate}`);
    await connection.callRemote(Divide, { numerator: 1, denominator: 0 }).catch((error) => {
      if (!(error instanceof ZeroDivisionError)) throw error;
      say("client", `caught the class ${error.constructor.name}: ${error.message}`);
    });
    await connection.close();
  } finally {
    twisted.stdin.end();
    await new Promise((resolve) => twisted.once("exit", resolve));
  }
}

function installedVersion() {
  const script = "import twisted, OpenSSL, service_identity; print(twisted.__version__)";
  const { status, stdout } = spawnSync(python, ["-c", script], { encoding: "utf8" });
  return status === 0 ? stdout.trim() : undefined;
}

async function listening(child) {
  for await (const line of createInterface({ input: child.stdout })) return JSON.parse(line).listening;
  throw new Error("the Twisted server exited before it listened");
}
