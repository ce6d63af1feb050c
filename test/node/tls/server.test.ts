/** Reuse of TLS servers for several handshakes. */
import { Server } from "node:tls";
import { expect, onTestFinished, test, vi } from "vitest";
import { PeerVerifyError } from "../../../src/core/errors/tls.ts";
import { describePeer } from "../../../src/node/tls/peer.ts";
import { testCertificates } from "../../support/certificates.ts";
import { failure, memoryPair, type Options, receive, socketPair, upgradeBoth } from "./streams.ts";

const { authority, server, client, otherClient } = await testCertificates();
const demands = { localCertificate: server, verifyAuthorities: [authority] };

test.each([
  ["TCP", socketPair],
  ["memory", memoryPair],
])("many concurrent handshakes over %s have separate outcomes", async (_, pair) => {
  for (let round = 0; round < 3; round++) {
    await Promise.all(
      Array.from({ length: 12 }, async (_, index) => {
        const trusted = index % 3 !== 0;
        const localCertificate = trusted ? client : otherClient;
        const both = await upgradeBoth(
          await pair(),
          { localCertificate, maxVersion: "TLSv1.2" },
          index % 2 ? demands : { ...demands, minVersion: "TLSv1.2" },
        );
        if (!trusted) return expect(failure(both.server)).toBeInstanceOf(PeerVerifyError);
        if (both.client.status === "rejected") throw both.client.reason;
        if (both.server.status === "rejected") throw both.server.reason;
        const [one, other] = [both.client.value, both.server.value];
        expect(describePeer(other).certificate?.commonName).toBe("client");
        one.write(`client ${index}`);
        expect(await receive(other, `client ${index}`.length)).toBe(`client ${index}`);
        one.destroy();
        other.destroy();
      }),
    );
  }
});

/** Records which of Node's TLS servers begins each handshake. */
function servers(): Server[] {
  const begun: Server[] = [];
  const { emit } = Server.prototype;
  const spy = vi.spyOn(Server.prototype, "emit").mockImplementation(function (
    this: Server,
    name: string | symbol,
    ...args: unknown[]
  ) {
    if (name === "connection") begun.push(this);
    return Reflect.apply(emit, this, [name, ...args]);
  });
  onTestFinished(() => void spy.mockRestore());
  return begun;
}

/** Makes handshakes at once. Returns those that the server failed. */
async function handshakes(count: number, options: Options, clientOptions: Options = {}): Promise<unknown[]> {
  const ends = await Promise.all(
    Array.from({ length: count }, async () => upgradeBoth(memoryPair(), clientOptions, options)),
  );
  for (const end of ends.flatMap(({ client, server }) => [client, server]))
    if (end.status === "fulfilled") end.value.destroy();
  return ends.map(({ server }) => failure(server)).filter((error) => error !== undefined);
}

test("a TLS server is used again after a handshake that succeeded, but not after one that failed", async () => {
  const options = { ...demands, maxVersion: "TLSv1.3" } as const; // options that no other test has
  const begun = servers();
  expect(await handshakes(1, options, { localCertificate: client })).toEqual([]);
  expect(await handshakes(1, options, { localCertificate: otherClient })).toHaveLength(1);
  expect(await handshakes(1, options, { localCertificate: client })).toEqual([]);
  expect(await handshakes(1, options, { localCertificate: client })).toEqual([]);
  expect(begun.map((one) => begun.indexOf(one))).toEqual([0, 0, 2, 2]);
});

test("at most 8 idle TLS servers are kept", async () => {
  const options = { localCertificate: server, maxVersion: "TLSv1.3" } as const;
  const begun = servers();
  for (let round = 0; round < 2; round++) expect(await handshakes(10, options)).toEqual([]);
  expect(new Set(begun.slice(0, 10)).size).toBe(10);
  expect(new Set(begun).size).toBe(12);
});

test.each<[string, Options]>([
  ["keyLog", { keyLog: () => {} }],
  ["certificateFor", { certificateFor: () => undefined }],
])("a TLS server with %s is not used again", async (_, own) => {
  const begun = servers();
  const options = { localCertificate: server, ...own };
  for (let round = 0; round < 2; round++) expect(await handshakes(1, options)).toEqual([]);
  expect(new Set(begun).size).toBe(2);
  await handshakes(1, { localCertificate: server });
  expect(new Set(begun).size).toBe(3);
});

test("Node warns of no option of a TLS server, for example of a timeout that is too long", async () => {
  const warn = vi.spyOn(process, "emitWarning");
  onTestFinished(() => void warn.mockRestore());
  expect(await handshakes(1, { localCertificate: server, keyLog: () => {} })).toEqual([]); // a server of its own
  expect(warn).not.toHaveBeenCalled();
});
