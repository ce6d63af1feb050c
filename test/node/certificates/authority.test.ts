import { describe, expect, test } from "vitest";
import { InvalidCertificate } from "../../../src/index.ts";
import { PrivateCertificate } from "../../../src/node/index.ts";

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
