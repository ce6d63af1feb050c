/** The same calls to a server made with `twisted.protocols.amp`, plain and inside TLS. */
import { spawn, spawnSync } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { connect } from "ampwire/node";
import { say } from "./voice.mjs";

const python = process.env.AMPWIRE_PYTHON ?? "/usr/bin/python3";
const peer = fileURLToPath(new URL("../../test/interop/twisted/peer.py", import.meta.url));

export async function talkToTwisted({ Sum, Divide, ZeroDivisionError }) {
  const version = installedVersion();
  if (version === undefined) {
    say(
      "",
      `no Twisted is installed for ${python}: apt-get install python3-twisted python3-openssl python3-service-identity`,
    );
    return;
  }
  // The server ends when its standard input does.
  const twisted = spawn(python, [peer, "server", "--port", "0"], { stdio: ["pipe", "pipe", "ignore"] });
  try {
    const { port } = await listening(twisted);
    const connection = await connect({ port, host: "127.0.0.1" });
    say("client", `is connected to Twisted ${version}, and calls Sum { a: 13, b: 81 }`);
    say("client", "got", await connection.callRemote(Sum, { a: 13, b: 81 }));
    await connection.startTLS();
    say("client", `is inside ${connection.tls.protocol}; Twisted presented ${connection.peerCertificate}`);
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
  throw new Error("the Twisted server has ended before it listened");
}
