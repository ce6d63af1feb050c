/** Revocation lists: case 33 of the upgrade. */
import { describe, expect, test, vi } from "vitest";
import { InvalidCertificate, PeerRefusedCertificate, PeerVerifyError } from "../../../src/core/errors/tls.ts";
import { Certificate } from "../../../src/node/certificates/certificate.ts";
import { PrivateCertificate } from "../../../src/node/certificates/private-certificate.ts";
import { revocationLists } from "../../../src/node/certificates/revocation.ts";
import { secureContext } from "../../../src/node/tls/context.ts";
import type { TLSOptions } from "../../../src/node/tls/options.ts";
import { checkTLSOptions } from "../../../src/node/tls/validate-options.ts";
import { make } from "../../support/made-certificates.ts";
import { failure, type Options, socketPair, upgradeBoth } from "./streams.ts";

const authority = await PrivateCertificate.authority({ commonName: "CA" });
const impostor = await PrivateCertificate.authority({ commonName: "CA" });
const other = await PrivateCertificate.authority({ commonName: "Other CA" });
const hostNames = ["calc.example"];
const [server, revokedServer] = [
  await authority.issue({ commonName: "server", hostNames }),
  await authority.issue({ commonName: "stolen", hostNames }),
];
const [client, revokedClient] = [
  await authority.issue({ commonName: "alice" }),
  await authority.issue({ commonName: "mallory" }),
];
const verifyAuthorities = [authority];
const list = await authority.revocationList({ revoked: [revokedServer, revokedClient] });
const otherList = await other.revocationList();
const der = Buffer.from(list.replace(/-----.*-----/g, ""), "base64");

/** A delta list of OpenSSL: it has the changes since list 1. */
const deltaList = Buffer.from(
  "MIG2MF0CAQEwCgYIKoZIzj0EAwIwDzENMAsGA1UEAwwEcm9vdBcNMjYxMTI5MTE0ODUzWhcNMjYxMjA5MTE0ODUzWqAdMBswDQYD" +
    "VR0bAQH/BAMCAQEwCgYDVR0UBAMCAQEwCgYIKoZIzj0EAwIDSQAwRgIhAPy7qFT0J6lU4oUn7Ktw7Mfev9JJkqVgAykQ0x4ge5TE" +
    "AiEArecFflIrtYkPWVBKITTd0Z8e+yIUJWF9nWiK6WS9Z90=",
  "base64",
);

async function attempt(clientOptions: Options, serverOptions: Options) {
  const both = await upgradeBoth(await socketPair(), clientOptions, serverOptions);
  for (const end of [both.client, both.server]) if (end.status === "fulfilled") end.value.destroy();
  return both;
}

describe.each(["TLSv1.2", "TLSv1.3"] as const)("revocation lists over %s", (maxVersion) => {
  test.each([
    ["PEM text", list],
    ["a DER file", der],
    ["several lists", [otherList, der]],
  ])(
    "case 33: crl as %s: a revoked certificate is refused at both ends, another one is accepted",
    async (_, crl) => {
      const ours = { verifyAuthorities, crl, maxVersion };
      const accepted = await attempt(
        { ...ours, localCertificate: client },
        { ...ours, localCertificate: server },
      );
      expect([failure(accepted.client), failure(accepted.server)]).toEqual([undefined, undefined]);

      const byClient = failure((await attempt(ours, { localCertificate: revokedServer })).client);
      expect(byClient).toBeInstanceOf(PeerVerifyError);
      expect(String(byClient)).toMatch(/CN=stolen.* is not trusted: it or a CA in its chain was revoked/);

      const theirs = { verifyAuthorities, localCertificate: revokedClient, maxVersion };
      const refused = await attempt(theirs, { ...ours, localCertificate: server });
      expect(failure(refused.server)).toBeInstanceOf(PeerVerifyError);
      expect(String(failure(refused.server))).toMatch(/was revoked/);
      if (maxVersion === "TLSv1.2") expect(failure(refused.client)).toBeInstanceOf(PeerRefusedCertificate);
    },
  );
});

describe("a revocation list", () => {
  test.each([
    ["is out of date", authority.revocationList({ validForDays: 1e-9 }), /out of date/],
    ["is of another CA", other.revocationList(), /no revocation list of the CA that issued it \(CN=CA\)/],
    ["is of a CA with the same name and another key", impostor.revocationList(), /no revocation list/],
  ])("case 33: a certificate is refused if the list %s", async (_, crl, reason) => {
    const ours = { verifyAuthorities, crl: await crl };
    const error = failure((await attempt(ours, { localCertificate: server })).client);
    expect(error).toBeInstanceOf(PeerVerifyError);
    expect(String(error)).toMatch(reason);
  });

  test("case 33: every CA of the chain needs a list", async () => {
    const root = await make({ name: "Root", authority: true });
    const middle = await make({ name: "Middle", authority: true, issuer: root });
    const leaf = await middle.certificate.issue({ commonName: "leaf", hostNames });
    const lists = [await root.certificate.revocationList(), await middle.certificate.revocationList()];
    const ours = { verifyAuthorities: [root.certificate] };
    const theirs = { localCertificate: leaf };
    expect(failure((await attempt({ ...ours, crl: lists }, theirs)).client)).toBeUndefined();
    for (const crl of lists)
      expect(String(failure((await attempt({ ...ours, crl }, theirs)).client))).toMatch(/no revocation list/);
    const revoked = await root.certificate.revocationList({ revoked: [middle.certificate] });
    const crl = [revoked, ...lists.slice(1)];
    expect(String(failure((await attempt({ ...ours, crl }, theirs)).client))).toMatch(/was revoked/);
  });

  test("a renewed list keeps its entries, and refuses certificates and lists of other CAs", async () => {
    const renewed = await authority.revocationList({ previous: der, validForDays: 7 });
    const again = await authority.revocationList({ previous: renewed, revoked: [revokedServer] });
    for (const crl of [renewed, again]) {
      const error = failure(
        (await attempt({ verifyAuthorities, crl }, { localCertificate: revokedServer })).client,
      );
      expect(String(error)).toMatch(/was revoked/);
    }
    await expect(other.revocationList({ revoked: [server] })).rejects.toThrow(
      /was not issued by CN=Other CA/,
    );
    await expect(impostor.revocationList({ revoked: [server] })).rejects.toThrow(/was not issued by/);
    await expect(impostor.revocationList({ previous: list })).rejects.toThrow(/was not signed by/);
    await expect(client.revocationList()).rejects.toThrow(/is not a CA/);
    await expect(authority.revocationList({ validForDays: 0 })).rejects.toThrow(InvalidCertificate);
  });

  test("a certificate that one of two lists of the same second revokes is refused, in any order", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const empty = await authority.revocationList();
    const list = await authority.revocationList({ revoked: [revokedServer] });
    vi.useRealTimers();
    for (const crl of [[empty, list], [list, empty], empty + list, Buffer.from(empty + list)]) {
      const ours = { verifyAuthorities, crl };
      const error = failure((await attempt(ours, { localCertificate: revokedServer })).client);
      expect(String(error)).toMatch(/was revoked/);
    }
  });

  test("lists that a program replaces in the same array or the same bytes are used", async () => {
    const empty = await authority.revocationList();
    const bytes = Buffer.alloc(4096, "\n");
    for (const crl of [[empty], bytes]) {
      bytes.write(empty);
      const ours = { verifyAuthorities, crl };
      const theirs = { localCertificate: revokedServer };
      expect(failure((await attempt(ours, theirs)).client)).toBeUndefined();
      if (Array.isArray(crl)) crl[0] = list;
      bytes.fill("\n").write(list);
      expect(String(failure((await attempt(ours, theirs)).client))).toMatch(/was revoked/);
    }
  });

  test("bytes of a list are converted to text once, and again after the program has replaced them", async () => {
    const bytes = Buffer.from(list);
    const check = () => checkTLSOptions({ verifyAuthorities, crl: bytes }, "client");
    check();
    const convert = vi.spyOn(Buffer.prototype, "toString");
    const conversions = () => convert.mock.calls.filter(([encoding]) => encoding === "latin1").length;
    try {
      check();
      check();
      expect(conversions()).toBe(0);
      bytes[0] = 0x0a; // "-----BEGIN" has one hyphen less
      expect(check).toThrow(/crl: not PEM text/);
      expect(conversions()).toBe(1);
    } finally {
      convert.mockRestore();
    }
  });

  test("lists of more CAs than the cache keeps are parsed once", () => {
    const crl = Array.from({ length: 40 }, (_, index) => list + " ".repeat(index));
    const [first] = revocationLists(crl);
    expect(revocationLists(crl)[0]).toBe(first);
    const later = Array.from({ length: 20 }, (_, index) => " ".repeat(index + 1) + list);
    for (const one of later) revocationLists(one);
    expect(revocationLists(crl)[0]).not.toBe(first);
  });

  test("lists share the context of connections, as text and as bytes, in any order", () => {
    const context = secureContext({ verifyAuthorities, crl: [list, otherList] });
    expect(secureContext({ verifyAuthorities, crl: [otherList, Buffer.from(list)] })).toBe(context);
    expect(secureContext({ verifyAuthorities, crl: list })).not.toBe(context);
  });

  test.each([
    ["that is a delta list", { verifyAuthorities, crl: deltaList }, /a delta list is not supported/],
    ["without verifyAuthorities", { crl: list }, /needs verifyAuthorities/],
    ["that is empty", { verifyAuthorities, crl: [] }, /crl is empty/],
    [
      "that is a certificate",
      { verifyAuthorities, crl: server.toPEM() },
      /holds a CERTIFICATE, not a revocation/,
    ],
    ["that is malformed", { verifyAuthorities, crl: der.subarray(0, 60) }, /malformed revocation list/],
    ["that is a file name", { verifyAuthorities, crl: "authority-crl.pem" }, /name of a file/],
    ["that is a number", { verifyAuthorities, crl: 7 as unknown as string }, /got number/],
  ])("crl %s is refused before anything is sent", (_, options: TLSOptions, message) => {
    expect(() => checkTLSOptions(options, "client")).toThrow(InvalidCertificate);
    expect(() => checkTLSOptions(options, "client")).toThrow(message);
    expect(() => checkTLSOptions(options, "client")).toThrow(/^crl/); // the reason itself
  });
});

test("crl is refused on runtimes other than Node, which would ignore the lists", () => {
  const check = (isNode: boolean) => () =>
    checkTLSOptions({ verifyAuthorities, crl: list }, "client", isNode);
  expect(check(false)).toThrow(InvalidCertificate);
  expect(check(false)).toThrow(/available on Node only/);
  expect(check(true)).not.toThrow();
});

describe("chains", () => {
  test("case 39: an intermediate CA may be the only trusted one", async () => {
    const root = await make({ name: "Root", authority: true });
    const middle = await make({ name: "Middle", authority: true, issuer: root });
    const sibling = await make({ name: "Sibling", authority: true, issuer: root });
    const localCertificate = await middle.certificate.issue({ commonName: "leaf", hostNames });
    const trust = async (trusted: Certificate) =>
      failure(
        (await attempt({ verifyAuthorities: [trusted], serverName: "calc.example" }, { localCertificate }))
          .client,
      );
    expect(await trust(Certificate.loadPEM(middle.certificate.toPEM()))).toBeUndefined();
    expect(await trust(root.certificate)).toBeUndefined();
    expect(await trust(sibling.certificate)).toBeInstanceOf(PeerVerifyError);
  });

  test("case 39: a certificate that an intermediate CA issues sends the intermediate, also after it is stored as PEM", async () => {
    const root = await make({ name: "Root", authority: true });
    const middle = await make({ name: "Middle", authority: true, issuer: root });
    const issued = await middle.certificate.issue({ commonName: "leaf", hostNames });
    const loaded = PrivateCertificate.loadPEM(issued.toPEMWithKey());
    expect(loaded.chain.map(({ subject }) => subject)).toEqual(["CN=Middle"]);
    const both = await attempt({ verifyAuthorities: [root.certificate] }, { localCertificate: loaded });
    expect(failure(both.client)).toBeUndefined();
  });
});
