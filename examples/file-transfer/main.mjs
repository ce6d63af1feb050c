/** Sends a file over the connection: the ends agree on it in AMP, then switch to a plain stream of its bytes. */
import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { command, integer, locator, unicode } from "ampwire";
import { connect, listen, protocolSwitch } from "ampwire/node";

class NoSuchFile extends Error {}

const errors = { NO_SUCH_FILE: NoSuchFile };
const Size = command("Size", { arguments: { name: unicode() }, response: { bytes: integer() }, errors });
const Download = protocolSwitch("Download", { arguments: { name: unicode() }, errors });

const folder = await mkdtemp(join(tmpdir(), "file-transfer-"));
const served = join(folder, "served.bin");
await writeFile(served, Buffer.alloc(20_000_000, "all work and no play "));

async function locate(name) {
  const file = join(folder, name);
  const stats = basename(name) === name && (await stat(file).catch(() => undefined));
  if (!stats) throw new NoSuchFile(`no file ${name}`);
  return { file, bytes: stats.size };
}

const report = (error) => console.error(`a download failed: ${error.message}`);
const server = await listen({
  host: "127.0.0.1",
  port: 0,
  locator: locator(
    Size.responder(async ({ name }) => ({ bytes: (await locate(name)).bytes })),
    Download.responder(async ({ name }) => {
      const { file } = await locate(name); // an error is sent to the caller, and AMP continues
      return { protocol: (stream) => void pipeline(createReadStream(file), stream).catch(report) };
    }),
  ),
});

const connection = await connect({ host: "127.0.0.1", port: server.address().port });
await connection.startTLS(); // the file is encrypted too
await connection.switchProtocol(Download, { name: "../secret" }).catch((error) => {
  console.log(`rejected: ${error.message}`);
});
const { bytes } = await connection.callRemote(Size, { name: "served.bin" });
console.log(`served.bin has ${bytes} bytes`);

const stream = await connection.switchProtocol(Download, { name: "served.bin" });
const copy = join(folder, "copy.bin");
await pipeline(stream, createWriteStream(copy));
stream.end(); // the server has ended its direction; end this one

const [original, received] = await Promise.all([served, copy].map(digest));
console.log(original === received ? "the copy equals the original" : "the copy differs from the original");
console.log(`the connection closed: ${(await connection.closed).message}`);
await server.close();
await rm(folder, { recursive: true });

async function digest(file) {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return hash.digest("hex");
}
