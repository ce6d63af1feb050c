/** The name in the server's certificate: cases 32 and 35 of the upgrade. */
import type { PeerCertificate } from "node:tls";
import { describe, expect, test } from "vitest";
import { InvalidCertificate, PeerVerifyError } from "../../../src/core/errors/tls.ts";
import { PrivateCertificate } from "../../../src/node/certificates/private-certificate.ts";
import { identityOptions } from "../../../src/node/tls/identity.ts";
import { make } from "../../support/made-certificates.ts";
import { failure, socketPair, upgradeBoth } from "./streams.ts";

const authority = await PrivateCertificate.authority({ commonName: "CA" });
const verifyAuthorities = [authority];

async function clientOf(
  serverName: string | undefined,
  localCertificate: PrivateCertificate,
  authorities = verifyAuthorities,
) {
  const ours = { verifyAuthorities: authorities, serverName };
  const both = await upgradeBoth(await socketPair(), ours, { localCertificate });
  for (const { status, ...rest } of [both.client, both.server]) {
    if (status === "fulfilled" && "value" in rest) rest.value.destroy();
  }
  return failure(both.client);
}

describe("the name of the server", () => {
  test.each([
    ["no alternative name", []],
    ["an IP address as its only alternative name", [{ type: "ip", value: "127.0.0.1" }]],
  ] as const)("case 32: a common name does not count in a certificate with %s", async (_, hosts) => {
    const issuer = await make({ name: "CA", authority: true });
    const { certificate } = await make({ name: "calc.example", issuer, hosts });
    const error = await clientOf("calc.example", certificate, [issuer.certificate]);
    expect(error).toBeInstanceOf(PeerVerifyError);
    expect(String(error)).toMatch(
      hosts.length === 0 ? /common name does not count/ : /not for calc.example but for IP Address:127.0.0.1/,
    );
  });

  test.each([
    ["127.0.0.1", ["127.0.0.1"]],
    ["::1", ["::1"]],
    ["[::1]", ["::1"]],
    ["::ffff:192.0.2.1", ["::ffff:192.0.2.1"]],
    ["::ffff:c000:201", ["::ffff:192.0.2.1"]],
    ["127.1", ["127.1"]],
    ["0:0:0:0:0:0:0:1", ["[::1]"]],
    ["2001:db8::10", ["calc.example", "2001:DB8:0::0010"]],
  ])("case 35: serverName %j is verified by a certificate for %j", async (serverName, hostNames) => {
    const certificate = await authority.issue({ commonName: "server", hostNames });
    expect(await clientOf(serverName, certificate)).toBeUndefined();
  });

  test.each(["fe80::1%eth0", "[fe80::1%1]"])(
    "the zone in serverName %j is no part of the name that is verified",
    async (serverName) => {
      const [ours, theirs] = [["fe80::1"], ["fe80::2"]].map((hostNames) =>
        authority.issue({ commonName: "server", hostNames }),
      );
      expect(await clientOf(serverName, await (ours as Promise<PrivateCertificate>))).toBeUndefined();
      expect(await clientOf(serverName, await (theirs as Promise<PrivateCertificate>))).toBeInstanceOf(
        PeerVerifyError,
      );
    },
  );

  test.each([
    ["f*.calc.example", "fo.calc.example"],
    ["*o.calc.example", "fo.calc.example"],
  ])("a certificate for %s is refused for %s: a wildcard is a whole label", async (value, serverName) => {
    const issuer = await make({ name: "CA", authority: true });
    const partial = await make({ name: "server", issuer, hosts: [{ type: "dns", value }] });
    const error = await clientOf(serverName, partial.certificate, [issuer.certificate]);
    expect(error).toBeInstanceOf(PeerVerifyError);
    expect(String(error)).toContain(`not for ${serverName} but for DNS:${value}`);
  });

  test.each(["*.calc.example", "f*.calc.example", "*", "a..example", `${"a".repeat(64)}.example`])(
    "serverName %j is refused before anything is sent: it is not the name of a server",
    async (serverName) => {
      const issuer = await make({ name: "CA", authority: true });
      const hosts = [{ type: "dns", value: serverName }] as const;
      const { certificate } = await make({ name: "server", issuer, hosts });
      const error = await clientOf(serverName, certificate, [issuer.certificate]);
      expect(error).toBeInstanceOf(InvalidCertificate);
      expect(String(error)).toContain("is not a host name or an IP address");
    },
  );

  test("names beside a partial wildcard count", async () => {
    const issuer = await make({ name: "CA", authority: true });
    const hosts = ["f*.calc.example", "*.calc.example", "calc.example"].map(
      (value) => ({ type: "dns", value }) as const,
    );
    const { certificate } = await make({ name: "server", issuer, hosts });
    expect(await clientOf("calc.example", certificate, [issuer.certificate])).toBeUndefined();
    expect(await clientOf("fo.calc.example", certificate, [issuer.certificate])).toBeUndefined();
  });

  test.each(["::2", "[::2]", "127.0.0.2", "::ffff:127.0.0.1"])(
    "case 35: serverName %j is refused if the certificate has other addresses",
    async (serverName) => {
      const certificate = await authority.issue({ commonName: serverName, hostNames: ["::1", "127.0.0.1"] });
      expect(await clientOf(serverName, certificate)).toBeInstanceOf(PeerVerifyError);
    },
  );

  test("an IPv6 address is found in a certificate in which Node finds none", async () => {
    const { x509 } = await authority.issue({ commonName: "server", hostNames: ["::1"] });
    const certificate = { raw: x509.raw } as PeerCertificate; // Node has left out the names
    const check = (name: string) => identityOptions(name).checkServerIdentity?.(name, certificate);
    expect(check("::1")).toBeUndefined();
    expect(check("::2")).toBeInstanceOf(Error);
  });

  test("an error in the check of the name is a failure of the check, and does not end the process", () => {
    const malformed = {} as PeerCertificate; // as if Node had not parsed it
    expect(identityOptions("::1").checkServerIdentity?.("::1", malformed)).toBeInstanceOf(Error);
  });

  test("without serverName a certificate for any name is accepted, if its CA is trusted", async () => {
    const certificate = await authority.issue({ commonName: "server", hostNames: ["other.example"] });
    expect(await clientOf(undefined, certificate)).toBeUndefined();
    expect(await clientOf("calc.example", certificate)).toBeInstanceOf(PeerVerifyError);
  });
});
