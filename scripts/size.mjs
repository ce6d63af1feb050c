/**
 * What a browser has to load of the build, bundled, minified and compressed: core and WebSocket with every codec that
 * needs no library, and the smallest program. `--detail` says what each file adds. Exits 1 when one has grown over its
 * limit, or brings along what it does not use, or when docs/browser.md names another limit.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { build } from "esbuild";
import { root } from "./run.mjs";

/**
 * The limit is in bytes, compressed with brotli as a server sends it: what it is today, and a little more. `without` is
 * what must be shaken off.
 */
const programs = [
  {
    name: "core and WebSocket",
    limit: 22_500,
    without: /node_modules|reconnecting/,
    code: `
      export { ampList, bigBytes, bigInteger, bigUnicode, boolean, bytes, command, float, integer, listOf, locator, optional, path, unicode } from "ampwire";
      export { connect } from "ampwire/websocket";
    `,
  },
  {
    name: "one command with two integers",
    limit: 20_000,
    without:
      /node_modules|reconnecting|arguments\/(amp-list|big-|boolean|bytes|date-time|decimal|float|list-of|optional|path|python-|spread|unicode)/,
    code: `
      import { command, integer } from "ampwire";
      import { connect } from "ampwire/websocket";
      const Sum = command("Sum", { arguments: { a: integer(), b: integer() }, response: { total: integer() } });
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
  if (compressed > limit) fail(`${name}: ${compressed} bytes are over the limit`);
  for (const [path] of inputs) if (without.test(path)) fail(`${name}: ${path} has come along`);
  if (!page.includes(`${limit / 1000} kB`)) fail(`${name}: docs/browser.md does not say ${limit / 1000} kB`);
}

/** The bundle, and what each file has brought into it, the largest first. */
async function bundled(code) {
  const { outputFiles, metafile } = await build({
    stdin: { contents: code, resolveDir: root },
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    tsconfigRaw: {}, // ours would lead to the sources, not to what is published
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
