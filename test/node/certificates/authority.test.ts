import { describe, expect, test } from "vitest";
import { InvalidCertificate } from "../../../src/index.ts";
import { type CertificateUsage, PrivateCertificate } from "../../../src/node/index.ts";

describe("a CA", () => {
  test("a CA signs certificates that name it as their issuer", async () => {
    const authority = await PrivateCertificate.authority({ commonName: "Example Authority" });
    const server = await authority.issue({
      commonName: "calc.example",
      hostNames: ["calc.example", "127.0.0.1"],
    });
    expect(server.x509.checkIssued(authority.x509)).toBe(true);
    expect(server.x509.verify(authority.x509.publicKey)).toBe(true);
    expect(server.commonName).toBe("calc.example");
    expect(server.x509.ca).toBe(false);
    expect(server.x509.checkHost("calc.example")).toBe("calc.example");
    expect(server.x509.checkIP("127.0.0.1")).toBe("127.0.0.1");
  });

  test("a CA that is stored as PEM and loaded again can sign", async () => {
    const made = await PrivateCertificate.authority({ commonName: "Kept, with = and + in its name" });
    const authority = PrivateCertificate.loadPEM(made.toPEMWithKey());
    const client = await authority.issue({ commonName: "client" });
    expect(client.x509.checkIssued(made.x509)).toBe(true);
    expect(client.issuer).toBe(made.subject);
  });

  const SERVER = "1.3.6.1.5.5.7.3.1";
  const CLIENT = "1.3.6.1.5.5.7.3.2";
  test.each([
    ["with host names is for a server", { hostNames: ["calc.example"] }, [SERVER]],
    ["without host names is for a client", {}, [CLIENT]],
    ["has the usage that was requested", { usage: "both" }, [SERVER, CLIENT]],
    ["for a client may have host names", { usage: "client", hostNames: ["calc.example"] }, [CLIENT]],
    ["for a server may have no host name", { usage: "server" }, [SERVER]],
  ] as const)("a certificate that a CA issues %s", async (_, options, usage) => {
    const authority = await PrivateCertificate.authority({ commonName: "CA" });
    const issued = await authority.issue({ commonName: "leaf", ...options });
    expect(issued.x509.keyUsage).toEqual(usage);
  });

  test("a usage that does not exist is refused, and a self-signed certificate has both", async () => {
    const usage = "mail" as CertificateUsage;
    const made = PrivateCertificate.selfSigned({ commonName: "x", usage });
    await expect(made).rejects.toThrow(/usage must be "server", "client" or "both", not "mail"/);
    const selfSigned = await PrivateCertificate.selfSigned({ commonName: "x" });
    expect(selfSigned.x509.keyUsage).toEqual([SERVER, CLIENT]);
  });

  test("a certificate that is not a CA cannot sign", async () => {
    const leaf = await PrivateCertificate.selfSigned({ commonName: "leaf" });
    await expect(leaf.issue({ commonName: "other" })).rejects.toThrow(InvalidCertificate);
  });

  test.each(["", "x".repeat(65)])(
    "a CA requires a common name of 1 to 64 characters, not %j",
    async (commonName) => {
      await expect(PrivateCertificate.authority({ commonName })).rejects.toThrow(InvalidCertificate);
    },
  );
});
