/** Certificates that are replaced while a server runs: case 36 of the upgrade. */
import { TLSNotAvailable } from "ampwire";
import { connect, listen, PrivateCertificate, type TLSOptions } from "ampwire/node";
import { describe, expect, onTestFinished, test } from "vitest";
import { InvalidCertificate } from "../../../src/core/errors/tls.ts";

const authority = await PrivateCertificate.authority({ commonName: "CA" });
const hostNames = ["calc.example"];
const GENERATIONS = 20;
const certificates = await Promise.all(
  Array.from({ length: GENERATIONS }, (_, index) => authority.issue({ commonName: `${index}`, hostNames })),
);
const client = await authority.issue({ commonName: "alice" });
const verifyAuthorities = [authority];
const generation = (index: number): TLSOptions => ({
  localCertificate: certificates[index],
  verifyAuthorities,
});

async function startServer(tls: Parameters<typeof listen>[0]["tls"]) {
  const server = await listen({ port: 0, host: "127.0.0.1", tls });
  onTestFinished(() => server.destroy());
  const { port } = server.address();
  /** Upgrades a new connection. @returns the number of the certificate that the server presented */
  const upgraded = async (): Promise<number> => {
    const connection = await connect({ port, host: "127.0.0.1" });
    await connection.startTLS({ localCertificate: client, verifyAuthorities, serverName: "calc.example" });
    const name = connection.peerCertificate?.commonName;
    await connection.callRemoteString("Nobody").catch(() => {}); // the server has accepted the client's certificate
    expect(connection.secure).toBe(true);
    await connection.close();
    return Number(name);
  };
  return { server, upgraded, port };
}

describe("rotation", () => {
  test("case 36: while handshakes run, setTLS makes none fail, and later ones present the new certificate", async () => {
    const { server, upgraded } = await startServer(generation(0));
    let current = 0;
    let done = 0;
    const client = async () => {
      while (current < GENERATIONS - 1) {
        const before = current;
        expect(await upgraded()).toBeGreaterThanOrEqual(before);
        done++;
        if (done % 3 === 0 && current < GENERATIONS - 1) server.setTLS(generation(++current));
      }
    };
    await Promise.all(Array.from({ length: 8 }, client));
    expect(done).toBeGreaterThanOrEqual((GENERATIONS - 1) * 3);
    expect(await upgraded()).toBe(GENERATIONS - 1);
  });

  test("a function as tls is called for every handshake, and may be async", async () => {
    let current = 0;
    const seen: unknown[] = [];
    const { server, upgraded } = await startServer(async (connection) => {
      seen.push(connection);
      return generation(current);
    });
    for (; current < 3; current++) expect(await upgraded()).toBe(current);
    expect(new Set(seen).size).toBe(3);
    server.setTLS(() => generation(7));
    expect(await upgraded()).toBe(7);
    expect(seen).toHaveLength(3);
  });

  test("setTLS applies to open connections that have not started TLS, and leaves the others alone", async () => {
    const { server, port } = await startServer(generation(0));
    const open = () =>
      connect({ port, host: "127.0.0.1", tls: { localCertificate: client, verifyAuthorities } });
    const [before, after] = [await open(), await open()];
    await before.startTLS();
    server.setTLS(generation(1));
    await after.startTLS();
    expect([before, after].map(({ peerCertificate }) => peerCertificate?.commonName)).toEqual(["0", "1"]);
    await before.callRemoteString("Nobody").catch(() => {});
    expect(before.secure).toBe(true);
    await Promise.all([before.close(), after.close()]);
  });

  test("setTLS refuses invalid options, and the server continues with the old ones", async () => {
    const { server, upgraded } = await startServer(generation(0));
    expect(() => server.setTLS({ ...generation(1), verifyAuthorities: [] })).toThrow(InvalidCertificate);
    for (const wrong of [undefined, null, false, "PEM"] as unknown as TLSOptions[])
      expect(() => server.setTLS(wrong)).toThrow(TypeError);
    expect(await upgraded()).toBe(0);
    const { server: plain } = await startServer(false);
    expect(() => plain.setTLS(generation(1))).toThrow(TLSNotAvailable);
  });
});
