/** A server that has no file descriptor left: case 38 of the upgrade. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { builtCommand } from "../../support/built.ts";

/** Opens a connection, uses up all file descriptors, and then starts TLS for the first time in the process. */
const PROGRAM = `
import { openSync, closeSync } from "node:fs";
import { connect, listen, PrivateCertificate } from "ampwire/node";
const server = await listen({ host: "127.0.0.1", port: 0 });
const client = await connect({ host: "127.0.0.1", port: server.address().port });
await new Promise((resolve) => setImmediate(resolve));
await client.callRemoteString("Nobody").catch(() => {});
const open = [];
try { for (;;) open.push(openSync("/dev/null")); } catch (error) { console.log(error.code); }
await client.startTLS().then(() => console.log("secure"), (error) => console.log(String(error)));
const authority = () => PrivateCertificate.authority({ commonName: "CA" });
await authority().then(() => console.log("made"), (error) => console.log("not made"));
for (const one of open) closeSync(one);
await authority().then(() => console.log("made"), (error) => console.log(String(error)));
await client.close();
await server.close();
`;

const folder = dirname(dirname(await builtCommand()));

test.skipIf(process.platform === "win32")(
  "case 38: a server without file descriptors starts TLS, and generates certificates when it has some again",
  async () => {
    const program = PROGRAM.replace("ampwire/node", pathToFileURL(join(folder, "node", "index.js")).href);
    const limited = `ulimit -n 256; exec "$0" --input-type=module -e "$1"`;
    const child = spawn("sh", ["-c", limited, process.execPath, program], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text: string) => {
        output += text;
      });
    await once(child, "close");
    expect(output).toBe("EMFILE\nsecure\nnot made\nmade\n");
  },
);
