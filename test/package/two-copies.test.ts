/** Two copies of the package in one process, and values of another realm, as in a monorepo, with `npm link` and under Jest. */
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { runInNewContext } from "node:vm";
import * as ampwire from "ampwire";
import * as node from "ampwire/node";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";

const root = join(import.meta.dirname, "../..");

interface Copy {
  readonly ampwire: typeof ampwire;
  readonly node: typeof node;
}

let folder: string;

/** Imports a copy of the build. @param change changes the file with the number that versions are compared by */
async function copyOf(name: string, change: (text: string) => string = (text) => text): Promise<Copy> {
  const place = join(folder, name);
  await cp(join(root, "dist"), join(place, "dist"), { recursive: true });
  await writeFile(join(place, "package.json"), JSON.stringify({ type: "module" }));
  const brand = join(place, "dist/core/errors/brand.js");
  await writeFile(brand, change(await readFile(brand, "utf8")));
  const load = (file: string) => import(pathToFileURL(join(place, "dist", file)).href);
  return { ampwire: await load("index.js"), node: await load("node/index.js") };
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ampwire-copies-"));
  await symlink(join(root, "node_modules"), join(folder, "node_modules"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function serve(one: Copy, locator: ampwire.ResponderLocator, onError = (_: unknown) => {}) {
  const server = await one.node.listen({ host: "127.0.0.1", port: 0, locator, onError });
  onTestFinished(() => server.destroy());
  const client = await one.node.connect({ host: "127.0.0.1", port: server.address().port });
  onTestFinished(() => client.destroy());
  return client;
}

describe("a copy of the same version", () => {
  let copy: Copy;
  beforeAll(async () => {
    copy = await copyOf("same");
  });

  test("responders, locators, commands, decorated methods and errors of the other copy work", async () => {
    const other = copy.ampwire;
    class Calculator {
      sum({ a, b }: { a: number; b: number }) {
        return { total: a + b };
      }
    }
    const Sum = other.command("Sum", {
      arguments: { a: other.integer(), b: other.integer() },
      response: { total: other.integer() },
      errors: { OLD: ampwire.IncompatibleVersions },
    });
    const Fail = other.command("Fail", { errors: { OLD: ampwire.IncompatibleVersions } });
    const Odd = other.command("Odd");
    const Raw = ampwire.locator({
      amp_RAW: () => new other.Box({ a: "1" }) as unknown as ampwire.Box,
    });
    const client = await serve(
      { ampwire, node },
      ampwire.locator(
        Sum.responder((values) => new Calculator().sum(values)),
        other.locator(
          Fail.responder(() => {
            throw new other.IncompatibleVersions("too old");
          }),
        ),
        Odd.responder(() => {
          throw new other.RemoteAmpError("ODD", "very");
        }),
        Raw,
      ),
    );
    expect(await client.callRemote(Sum, { a: 1, b: 2 })).toEqual({ total: 3 });
    await expect(client.callRemote(Fail)).rejects.toBeInstanceOf(other.IncompatibleVersions);
    const odd = await client.callRemote(Odd).catch((error: unknown) => error);
    expect(odd).toMatchObject({ errorCode: "ODD", description: "very" });
    expect(odd).toBeInstanceOf(other.UnknownRemoteError);
    expect(odd).toBeInstanceOf(other.AmpError);
    expect(odd).not.toBeInstanceOf(other.ConnectionLost);
    expect((await client.callRemoteString("Raw", new other.Box() as never)).text("a")).toBe("1");
  });

  test("certificates of the other copy start TLS", async () => {
    const authority = await copy.node.PrivateCertificate.authority({ commonName: "CA" });
    const certificate = await authority.issue({ commonName: "server", hostNames: ["a.example"] });
    const server = await node.listen({ host: "127.0.0.1", port: 0, tls: { localCertificate: certificate } });
    onTestFinished(() => server.destroy());
    const client = await node.connect({ host: "127.0.0.1", port: server.address().port });
    onTestFinished(() => client.destroy());
    await client.startTLS({ verifyAuthorities: [authority], serverName: "a.example" });
    expect(client.tls?.verified).toBe(true);
    expect(certificate).toBeInstanceOf(node.PrivateCertificate);
    expect(authority).toBeInstanceOf(node.Certificate);
  });

  test("a function that a program overrides in a codec of the other copy is used", async () => {
    const other = copy.ampwire;
    const doubled = { ...other.integer(), decode: (bytes: Uint8Array) => 2 * other.integer().decode(bytes) };
    const Echo = ampwire.command("Echo", { arguments: { n: doubled }, response: { n: ampwire.integer() } });
    const client = await serve({ ampwire, node }, ampwire.locator(Echo.responder(({ n }) => ({ n }))));
    expect(await client.callRemote(Echo, { n: 21 })).toEqual({ n: 42 });
  });

  test("a decimal that a codec of the other copy has read keeps its digits", () => {
    const wire = new TextEncoder().encode("1.500");
    expect(ampwire.decimal().encode(copy.ampwire.decimal().decode(wire))).toEqual(wire);
  });

  test("the limit on elements holds for a command of the other copy", async () => {
    const other = copy.ampwire;
    const List = other.command("List", { arguments: { list: other.listOf(other.integer()) } });
    const errors: unknown[] = [];
    const server = await node.listen({
      host: "127.0.0.1",
      port: 0,
      limits: { maxElements: 2 },
      locator: ampwire.locator(List.responder(() => {})),
      onError: (error) => void errors.push(error),
    });
    onTestFinished(() => server.destroy());
    const client = await node.connect({ host: "127.0.0.1", port: server.address().port });
    await expect(client.callRemote(List, { list: [1, 2, 3] })).rejects.toThrow("UNKNOWN");
    expect(String(errors[0])).toContain("maxElements");
  });
});

describe("a copy that cannot work with this one", () => {
  let copy: Copy;
  beforeAll(async () => {
    copy = await copyOf("other", (text) => text.replace("SEAM = 1", "SEAM = 999"));
  });

  test("its responders, locators and commands are refused, and the error names the cause", async () => {
    const other = copy.ampwire;
    const Sum = other.command("Sum");
    const responder = Sum.responder(() => {});
    expect(() => ampwire.locator(responder)).toThrow("comes from another copy of ampwire");
    const foreign = other.locator(responder);
    await expect(node.listen({ host: "127.0.0.1", port: 0, locator: foreign })).rejects.toThrow(
      "the option locator comes from another copy of ampwire",
    );
    const errors: unknown[] = [];
    const wrapped = { locateResponder: (name: string) => foreign.locateResponder(name) };
    const client = await serve({ ampwire, node }, wrapped, (error) => errors.push(error));
    await expect(client.callRemote(Sum)).rejects.toThrow(
      "the command Sum comes from another copy of ampwire",
    );
    await expect(client.callRemoteString("Sum")).rejects.toThrow("UNKNOWN");
    expect(String(errors[0])).toContain("another copy of ampwire");
  });
});

describe("values of another realm", () => {
  test("bytes, maps and errors of another realm are used", async () => {
    class NoMatch extends Error {}
    const Echo = ampwire.command("Echo", {
      arguments: { data: ampwire.bytes() },
      response: { data: ampwire.bytes() },
      errors: { RANGE: RangeError, NO_MATCH: NoMatch },
    });
    let respond = (data: Uint8Array): { data: Uint8Array } => ({ data });
    const client = await serve(
      { ampwire, node },
      ampwire.locator(Echo.responder(({ data }) => respond(data))),
    );
    const data: Uint8Array = runInNewContext("Uint8Array.of(1, 2)");
    expect(data).not.toBeInstanceOf(Uint8Array);
    respond = () => ({ data });
    expect(await client.callRemote(Echo, { data })).toEqual({ data: Uint8Array.of(1, 2) });
    respond = () => runInNewContext("throw new RangeError('far')");
    await expect(client.callRemote(Echo, { data })).rejects.toThrow(new RangeError("far"));
    const map: ampwire.Box = runInNewContext("new Map([['data', Uint8Array.of(3)]])");
    respond = (given) => ({ data: given });
    expect((await client.callRemoteString("Echo", map)).get("data")).toEqual(Uint8Array.of(3));
  });
});
