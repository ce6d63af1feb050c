/** Megabytes of plaintext are unsent when TLS is started: all of them arrive, and then TLS begins. */
import { createHash } from "node:crypto";
import { bytes, command, HandshakeTimeout, integer, locator } from "ampwire";
import { expect, test } from "vitest";
import { testCertificates } from "../../support/certificates.ts";
import { ours, pair } from "../../support/loopback.ts";
import { STLS } from "../../support/raw-peer.ts";
import { ended } from "../../support/settled.ts";
import { Mark, witness } from "../../support/witness.ts";

const { server: localCertificate } = await testCertificates();
const tls = { localCertificate };

const VALUE = 65_535;
const COUNT = Math.ceil((8 * 1024 * 1024) / VALUE);

const Chunk = command("Chunk", { arguments: { seed: integer() }, response: { data: bytes() } });
const chunks = Chunk.responder(({ seed }) => ({ data: chunk(seed) }));

/** Bytes that differ from those of any other chunk at the same position. */
function chunk(seed: number): Uint8Array {
  const pattern = createHash("sha512").update(String(seed)).digest();
  return Uint8Array.from({ length: VALUE }, (_, i) => pattern[i % pattern.length] as number);
}

test.each(["client", "server"] as const)(
  "case 24: 8 MiB of answers that wait when the %s starts TLS arrive unchanged",
  async (asker) => {
    const both = { tls, locator: locator(chunks, witness().locator) };
    const ends = await pair(both, both);
    const asked = Array.from({ length: COUNT }, (_, seed) => ends.client.callRemote(Chunk, { seed }));
    const upgrade =
      asker === "client"
        ? ends.client.startTLS()
        : // The answers are written, or are being written, when this end asks.
          ends.client.callRemote(Chunk, { seed: 0 }).then(() => ends.server.startTLS());
    for (const [seed, { data }] of (await Promise.all(asked)).entries()) {
      expect(Buffer.compare(data, chunk(seed))).toBe(0);
    }
    await upgrade;
    expect(await ends.client.callRemote(Mark, { text: "inside" })).toEqual({ text: "inside" });
    expect([ends.client.secure, ends.server.secure]).toEqual([true, true]);
  },
);

test("case 24: 8 MiB of answers arrive at a peer that does not read until it has asked for TLS", async () => {
  const { connection, peer } = await ours("server", { tls, locator: locator(chunks) });
  peer.socket.pause();
  peer.send(
    ...Array.from({ length: COUNT }, (_, seed) => ({
      _ask: String(seed),
      _command: "Chunk",
      seed: String(seed),
    })),
    { ...STLS, _ask: "tls" },
  );
  await new Promise(setImmediate);
  peer.socket.resume();
  for (let seed = 0; seed < COUNT; seed++) expect((await peer.box())?._answer).toBe(String(seed));
  expect(await peer.box()).toEqual({ _answer: "tls" });
  expect(peer.received.length).toBeGreaterThan(8 * 1024 * 1024);
  await peer.secure();
  expect(await Promise.race([connection.closed, "open"])).toBe("open");
});

test("case 24: the upgrade with a peer that never reads fails at the handshake timeout", async () => {
  const { connection, peer } = await ours("server", {
    tls,
    locator: locator(chunks),
    limits: { handshakeTimeout: 100 },
  });
  peer.socket.pause();
  peer.send(
    ...Array.from({ length: COUNT }, (_, seed) => ({ _ask: "x", _command: "Chunk", seed: String(seed) })),
    STLS,
  );
  expect(await ended(connection)).toBeInstanceOf(HandshakeTimeout);
});
