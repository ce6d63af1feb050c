/** The key log, and the choice of a server's certificate by the name that the client sends. */
import { once } from "node:events";
import { connect as connectTLS, TLSSocket } from "node:tls";
import { connect, listen, PrivateCertificate } from "ampwire/node";
import { describe, expect, onTestFinished, test } from "vitest";
import { HandshakeError, InvalidCertificate } from "../../../src/core/errors/tls.ts";
import { describePeer } from "../../../src/node/tls/peer.ts";
import { chosenCertificate } from "../../../src/node/tls/server.ts";
import { upgrade } from "../../../src/node/tls/upgrade.ts";
import { checkTLSOptions } from "../../../src/node/tls/validate-options.ts";
import { testCertificates } from "../../support/certificates.ts";
import { failure, securePair, socketPair, upgradeBoth } from "./streams.ts";

const { authority, server } = await testCertificates();
const LINE = /^[A-Z0-9_]+ [0-9a-f]{64} [0-9a-f]{64,96}$/;

describe("keyLog", () => {
  test.each(["TLSv1.2", "TLSv1.3"] as const)(
    "keyLog receives the same lines of the SSLKEYLOGFILE format at both ends, %s",
    async (maxVersion) => {
      const lines: { client: string[]; server: string[] } = { client: [], server: [] };
      const [one, other] = await securePair(
        { maxVersion, keyLog: (line) => lines.client.push(line) },
        { localCertificate: server, keyLog: (line) => lines.server.push(line) },
      );
      one.destroy();
      other.destroy();
      expect(lines.client.length).toBeGreaterThanOrEqual(maxVersion === "TLSv1.2" ? 1 : 4);
      for (const line of lines.client) expect(line).toMatch(LINE);
      expect([...lines.server].sort()).toEqual([...lines.client].sort());
      expect(lines.client.join()).toContain(
        maxVersion === "TLSv1.2" ? "CLIENT_RANDOM " : "CLIENT_TRAFFIC_SECRET_0 ",
      );
    },
  );

  test.each(["client", "server"] as const)(
    "an exception of keyLog fails the handshake of the %s",
    async (end) => {
      const keyLog = () => {
        throw new Error("disk full");
      };
      const both = await upgradeBoth(
        await socketPair(),
        end === "client" ? { keyLog } : {},
        end === "server" ? { keyLog, localCertificate: server } : { localCertificate: server },
      );
      expect(failure(both[end])).toBeInstanceOf(HandshakeError);
      expect(String(failure(both[end]))).toContain("disk full");
      const rest = both[end === "client" ? "server" : "client"];
      if (rest.status === "fulfilled") rest.value.destroy();
    },
  );

  test("without keyLog nothing listens for the secrets, whatever the environment says", async () => {
    process.env.SSLKEYLOGFILE = "/nonexistent/keys.log";
    onTestFinished(() => void delete process.env.SSLKEYLOGFILE);
    const [one, other] = await securePair({}, { localCertificate: server });
    for (const socket of [one, other]) {
      expect(socket).toBeInstanceOf(TLSSocket);
      expect(socket.listenerCount("keylog")).toBe(0);
      socket.destroy();
    }
  });
});

describe("certificateFor", () => {
  test("a server presents the certificate for the name that the client sent", async () => {
    const ca = await PrivateCertificate.authority({ commonName: "CA" });
    const hosts = ["a.example", "b.example", "default.example"];
    const known = new Map(
      await Promise.all(
        hosts.map(async (name) => [name, await ca.issue({ commonName: name, hostNames: [name] })] as const),
      ),
    );
    const asked: string[] = [];
    const tls = {
      localCertificate: known.get("default.example"),
      certificateFor: (name: string) => {
        asked.push(name);
        const found = known.get(name);
        return name === "b.example" ? Promise.resolve(found) : found;
      },
    };
    const ours = await listen({ port: 0, host: "127.0.0.1", tls });
    onTestFinished(() => ours.destroy());
    for (const serverName of [...hosts, undefined]) {
      const client = await connect({ port: ours.address().port, host: "127.0.0.1" });
      await client.startTLS({ verifyAuthorities: [ca], serverName });
      const expected = serverName ?? "default.example";
      expect(client.peerCertificate?.commonName).toBe(expected);
      await expect
        .poll(() => [...ours.connections].map(({ hostCertificate }) => hostCertificate?.commonName))
        .toEqual([expected]);
      await client.close();
      await expect.poll(() => ours.connections.size).toBe(0);
    }
    expect(asked).toEqual(hosts);
  });

  test.each([
    [
      "throws",
      () => {
        throw new Error("no database");
      },
      /no database/,
    ],
    ["rejects", () => Promise.reject(new Error("no database")), /no database/],
    [
      "returns another object",
      () => "certificate" as unknown as PrivateCertificate,
      /is not a PrivateCertificate/,
    ],
  ])("the handshake fails if certificateFor %s", async (_, certificateFor, message) => {
    const [stream, ours] = await socketPair();
    const theirs = connectTLS({ socket: stream, rejectUnauthorized: false, servername: "calc.example" });
    theirs.on("error", () => {});
    const upgraded = upgrade(ours, { role: "server", localCertificate: server, certificateFor });
    await expect(upgraded).rejects.toThrow(message);
    if (!theirs.closed) await new Promise((resolve) => theirs.once("close", resolve));
  });

  test.each(["at once", "later"])(
    "a server presents localCertificate if certificateFor returns undefined %s",
    async (when) => {
      const asked: string[] = [];
      const certificateFor = (name: string) => {
        asked.push(name);
        return when === "at once" ? undefined : Promise.resolve(undefined);
      };
      const [one, other] = await securePair(
        { verifyAuthorities: [authority], serverName: "calc.example" },
        { localCertificate: server, certificateFor },
      );
      expect(describePeer(one).certificate?.fingerprint).toBe(server.fingerprint);
      expect(chosenCertificate(other)).toBeUndefined();
      expect(asked).toEqual(["calc.example"]);
      one.destroy();
      other.destroy();
    },
  );

  test("a client that leaves while certificateFor runs fails that handshake only", async () => {
    const [stream, ours] = await socketPair();
    const theirs = connectTLS({ socket: stream, rejectUnauthorized: false, servername: "calc.example" });
    theirs.on("error", () => {});
    const certificateFor = async () => {
      stream.destroy();
      await once(ours, "close");
      return server;
    };
    await expect(upgrade(ours, { role: "server", localCertificate: server, certificateFor })).rejects.toThrow(
      HandshakeError,
    );
  });

  test("certificateFor is refused for a TLS client, and must be a function like keyLog", () => {
    expect(() => checkTLSOptions({ certificateFor: () => server }, "client")).toThrow(InvalidCertificate);
    for (const name of ["certificateFor", "keyLog"]) {
      expect(() => checkTLSOptions({ [name]: "keys.log" }, "server")).toThrow(TypeError);
      expect(() => checkTLSOptions({ [name]: "keys.log" }, "server")).toThrow(`${name} must be a function`);
    }
    expect(() => checkTLSOptions({ verifyAuthorities: [authority] }, "server")).not.toThrow();
  });
});
