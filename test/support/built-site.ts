/** The documentation site, built once for the test files that use it, and a web server for it. */
import { execFile } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { builtCommand } from "./built.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const siteFolder = join(root, "site");

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".json": "application/json",
  ".woff2": "font/woff2",
};

/** Builds the site, with the packages of docs/package.json installed if they are missing. */
export async function builtSite(): Promise<void> {
  await builtCommand();
  await promisify(execFile)(process.execPath, ["scripts/docs-site.mjs", "--no-build"], {
    cwd: root,
    maxBuffer: 16 * 1024 * 1024,
  });
}

/** Addresses of all pages, for example `/guides/starttls`. */
export function siteAddresses(): string[] {
  return readdirSync(siteFolder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".html") && file !== "404.html")
    .map((file) => `/${file.replace(/\.html$/, "").replace(/^index$/, "")}`);
}

/** Returns the file that a static web server sends for an address; undefined if there is none. */
export function siteFile(address: string): string | undefined {
  const path = join(siteFolder, decodeURI(address));
  const candidates = address.endsWith("/") ? [join(path, "index.html")] : [path, `${path}.html`];
  return candidates.find((file) => extname(file) !== "" && existsSync(file));
}

/**
 * Serves the site.
 * @param others paths of files that are not part of the site, by their address
 */
export async function serveSite(others: ReadonlyMap<string, string> = new Map()) {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "", "http://site");
    const file = others.get(pathname) ?? siteFile(pathname);
    if (file === undefined) return void response.writeHead(404).end();
    const type = TYPES[extname(file)] ?? "application/octet-stream";
    // The browser keeps scripts, styles and fonts, which most pages share.
    const caching: { "Cache-Control"?: string } = type.startsWith("text/html")
      ? {}
      : { "Cache-Control": "max-age=3600" };
    response.writeHead(200, { "Content-Type": type, ...caching }).end(readFileSync(file));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo; // always an AddressInfo for TCP
  return {
    url: `http://127.0.0.1:${port}`,
    async close(): Promise<void> {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}
