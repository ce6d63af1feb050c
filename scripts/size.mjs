/**
 * What a browser has to load: core and WebSocket with every codec that needs no library, bundled, minified and
 * compressed. Exits 1 when it has grown over the limit, or when something comes along that this page does not use:
 * decimal.js, the Temporal polyfill, the code of `reconnecting`.
 */
import { brotliCompressSync, gzipSync } from "node:zlib";
import { build } from "esbuild";
import { root } from "./run.mjs";

/** Bytes, compressed with brotli as a server sends it: what it is today, and a little more. */
const LIMIT = 19_000;

const everything = `
  export { ampList, bigBytes, bigInteger, bigUnicode, boolean, bytes, command, float, integer, listOf, locator, optional, path, unicode } from "ampwire";
  export { connect } from "ampwire/websocket";
`;

const { outputFiles, metafile } = await build({
  stdin: { contents: everything, resolveDir: root },
  bundle: true,
  minify: true,
  format: "esm",
  platform: "browser",
  target: "es2022",
  metafile: true,
  write: false,
});
const [{ contents }] = outputFiles;
const unused = Object.keys(Object.values(metafile.outputs)[0].inputs).filter((path) =>
  /node_modules|reconnecting/.test(path),
);
const compressed = brotliCompressSync(contents).length;
console.log(
  `core and WebSocket: ${contents.length} bytes minified, ${gzipSync(contents).length} gzip, ${compressed} brotli (limit ${LIMIT})`,
);
if (process.argv.includes("--detail")) {
  const inputs = Object.entries(Object.values(metafile.outputs)[0].inputs);
  for (const [path, { bytesInOutput }] of inputs.sort(([, a], [, b]) => b.bytesInOutput - a.bytesInOutput)) {
    console.log(String(bytesInOutput).padStart(7), path);
  }
}
for (const path of unused) console.error(`nobody has asked for this, and it has come along: ${path}`);
process.exit(compressed <= LIMIT && unused.length === 0 ? 0 : 1);
