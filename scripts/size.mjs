/**
 * Measures the bundles that a page loads from the build: minified by esbuild, and compressed with brotli as a server
 * sends them. Prints them with the figures of other libraries. `--detail` prints the bytes of each file. Exits 1 if a
 * bundle exceeds its limit or contains a file that its program does not use, or if docs/browser.md does not name the
 * limit.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { build } from "esbuild";
import { root } from "./run.mjs";

/**
 * @typedef {object} Program
 * @property {string} name
 * @property {number} limit maximum number of bytes after brotli
 * @property {number} [target] the size that the program should have; it does not have it yet
 * @property {RegExp} excluded paths that must not be in the bundle
 * @property {string} code
 */

/** Files that a program with two integers and without reconnecting does not use. */
const UNUSED =
  /node_modules|reconnecting|protocol-change\/(driver|start-tls|protocol-switch|changing|queued|time-limit)|features\/unsent-watch|arguments\/(amp-list|big|boolean|bytes|civil-days|compression|date-time|decimal|float|json|list-of|literal|nullable|optional|path|pieces|python-|split|unicode)|command\/declared-error|calls\/(client|tag-window)|wire\/(expected-box|prediction)|connection\/frequent-calls|serving\/implement|schema\/(properties-argument|spread-fields)/;

const SUM = `const Sum = command("Sum", { arguments: { a: integer(), b: integer() }, response: { total: integer() } });`;

/** @type {readonly Program[]} */
const programs = [
  {
    name: "core and WebSocket, every codec without a dependency",
    limit: 29_500,
    excluded: /node_modules|reconnecting/,
    code: `
      export { ampList, bigBytes, bigInteger, bigUnicode, boolean, bytes, command, float, integer, listOf, locator, optional, path, unicode } from "ampwire";
      export { connect } from "ampwire/websocket";
    `,
  },
  {
    name: "two-way page with heartbeat (ampwire/websocket)",
    limit: 24_800,
    target: 17_800,
    excluded: UNUSED,
    code: `
      import { command, integer } from "ampwire";
      import { connect } from "ampwire/websocket";
      ${SUM}
      const connection = await connect("wss://example.com/amp", { heartbeat: { interval: 30_000 } });
      console.log(await connection.callRemote(Sum, { a: 13, b: 81 }));
    `,
  },
  {
    name: "page that only calls (ampwire/websocket/client)",
    limit: 20_400,
    target: 15_000,
    excluded: new RegExp(
      `${UNUSED.source}|features/|serving/(?!not-serving|responder-context)|wire/short-text|errors/declared-error-of`,
    ),
    code: `
      import { command, integer } from "ampwire";
      import { connect } from "ampwire/websocket/client";
      ${SUM}
      const connection = await connect("wss://example.com/amp");
      console.log(await connection.callRemote(Sum, { a: 13, b: 81 }));
    `,
  },
];

/**
 * The smallest programs of other libraries that connect over a WebSocket (connect-web: over HTTP) and call. Measured in
 * the same way, in kB after brotli.
 */
const PEERS = {
  "tRPC over WebSocket": 7.9,
  "rpc-websockets": 10.1,
  "socket.io": 11.9,
  capnweb: 13.5,
  "connect-web": 28.7,
  "nats-core": 35.2,
};

const page = readFileSync(join(root, "docs", "browser.md"), "utf8");
for (const program of programs) await check(program);
const peers = Object.entries(PEERS).map(([name, size]) => `${name} ${size}`);
console.log(`other libraries, smallest program, kB brotli: ${peers.join(", ")}`);

/** @param {Program} program */
async function check({ name, limit, target, excluded, code }) {
  const { contents, files } = await bundle(code);
  const compressed = brotliCompressSync(contents).length;
  console.log(
    `${name}: ${contents.length} bytes minified, ${gzipSync(contents).length} gzip, ${compressed} brotli (limit ${limit}${target === undefined ? "" : `, target ${target}`})`,
  );
  if (process.argv.includes("--detail")) {
    for (const { path, bytes } of files) console.log(String(bytes).padStart(7), path);
  }
  if (compressed > limit) fail(`${name}: ${compressed} bytes exceed the limit of ${limit}`);
  for (const { path } of files) if (excluded.test(path)) fail(`${name}: the bundle contains ${path}`);
  if (!page.includes(`${limit / 1000} kB`))
    fail(`docs/browser.md does not name the limit of ${limit / 1000} kB`);
}

/** Bundles a program with the published files. @returns the code, and the files in it, largest first */
async function bundle(code) {
  const { outputFiles, metafile } = await build({
    stdin: { contents: code, resolveDir: root },
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    tsconfigRaw: {}, // tsconfig.json would resolve the package to the sources
    metafile: true,
    write: false,
  });
  const files = Object.entries(Object.values(metafile.outputs)[0].inputs)
    .map(([path, { bytesInOutput }]) => ({ path, bytes: bytesInOutput }))
    .filter(({ bytes }) => bytes > 0)
    .sort((a, b) => b.bytes - a.bytes);
  return { contents: outputFiles[0].contents, files };
}

function fail(message) {
  console.error(message);
  process.exitCode = 1;
}
