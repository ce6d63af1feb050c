/**
 * Prints what a browser loads of the build, bundled, minified and compressed: the smallest programs of both entry points,
 * and the whole of core and WebSocket without the codecs that need a library. `--detail` lists what each file adds.
 * Exits with 1 if a program exceeds its limit, or contains a file that it does not use, or if docs/browser.md states
 * another limit.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { build } from "esbuild";
import { root } from "./run.mjs";

const TLS = /protocol-change\/(driver|start-tls|protocol-switch|changing|held|time-limit)/;
const CODECS =
  /arguments\/(amp-list|big-|boolean|bytes|date-time|decimal|float|list-of|optional|path|python-|spread|unicode)/;
const SUM = `const Sum = command("Sum", { arguments: { a: integer(), b: integer() }, response: { total: integer() } });`;

/** `limit`: bytes, compressed with brotli as a server sends them. `without`: files that the program does not use. */
const programs = [
  {
    name: "core and WebSocket",
    limit: 22_500,
    without: [/node_modules|reconnecting/],
    code: `
      export { ampList, bigBytes, bigInteger, bigUnicode, boolean, bytes, command, float, integer, listOf, locator, optional, path, unicode } from "ampwire";
      export { connect } from "ampwire/websocket";
    `,
  },
  {
    name: "a page that calls and serves, with a heartbeat",
    limit: 17_800,
    without: [/node_modules|reconnecting/, TLS, CODECS],
    code: `
      import { command, integer, locator } from "ampwire";
      import { connect } from "ampwire/websocket";
      ${SUM}
      const connection = await connect("wss://example.com/amp", {
        heartbeat: { interval: 30_000 },
        locator: locator(Sum.responder(({ a, b }) => ({ total: a + b }))),
      });
      console.log(await connection.callRemote(Sum, { a: 13, b: 81 }));
    `,
  },
  {
    name: "a page that only calls",
    limit: 15_000,
    without: [/node_modules|reconnecting|features\/|serving\/(?!not-serving|responder-context)/, TLS, CODECS],
    code: `
      import { command, integer } from "ampwire";
      import { connect } from "ampwire/websocket/client";
      ${SUM}
      const connection = await connect("wss://example.com/amp");
      console.log(await connection.callRemote(Sum, { a: 13, b: 81 }));
    `,
  },
];

const page = readFileSync(join(root, "docs", "browser.md"), "utf8");
for (const { name, limit, without, code } of programs) {
  const { contents, inputs } = await bundled(code);
  const compressed = brotliCompressSync(contents).length;
  console.log(
    `${name}: ${contents.length} bytes minified, ${gzipSync(contents).length} gzip, ${compressed} brotli (limit ${limit})`,
  );
  if (process.argv.includes("--detail")) {
    for (const [path, bytes] of inputs) console.log(String(bytes).padStart(7), path);
  }
  if (compressed > limit) fail(`${name}: ${compressed} bytes exceed the limit of ${limit}`);
  for (const [path] of inputs) {
    if (without.some((unused) => unused.test(path))) fail(`${name}: ${path} is in the bundle`);
  }
  if (!page.includes(`${limit / 1000} kB`))
    fail(`${name}: docs/browser.md does not state ${limit / 1000} kB`);
}

/** Returns the bundle, and what each file adds to it, the largest first. */
async function bundled(code) {
  const { outputFiles, metafile } = await build({
    stdin: { contents: code, resolveDir: root },
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    tsconfigRaw: {}, // the project's own would lead to the sources instead of the build
    metafile: true,
    write: false,
  });
  const inputs = Object.entries(Object.values(metafile.outputs)[0].inputs)
    .map(([path, { bytesInOutput }]) => [path, bytesInOutput])
    .filter(([, bytes]) => bytes > 0)
    .sort(([, a], [, b]) => b - a);
  return { contents: outputFiles[0].contents, inputs };
}

function fail(why) {
  console.error(why);
  process.exitCode = 1;
}
