import { describe, expect, onTestFinished, test, vi } from "vitest";
import { HandshakeError, PeerRefusedCertificate, PeerVerifyError } from "../../../src/core/errors/tls.ts";
import {
  type HandshakeFailure,
  handshakeFailed,
  refusalAfterHandshake,
} from "../../../src/node/tls/errors.ts";
import type { TLSOptions, TLSRole } from "../../../src/node/tls/options.ts";
import { testCertificates } from "../../support/certificates.ts";

const { authority, otherAuthority, server, client: clientCertificate } = await testCertificates();

const client = (options: TLSOptions = {}) => ({ ...options, role: "client" as TLSRole });
const ours = { localCertificate: clientCertificate };
const trusting = { verifyAuthorities: [authority] };

describe("handshakeFailed", () => {
  const cases: [string, HandshakeFailure, TLSOptions, new (m: string) => Error, RegExp][] = [
    [
      "an alert of Node 20",
      failure("ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE"),
      ours,
      PeerRefusedCertificate,
      /: bad certificate$/,
    ],
    [
      "an alert of Node 22",
      failure("ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE"),
      ours,
      PeerRefusedCertificate,
      /: bad certificate$/,
    ],
    [
      "an alert of TLS 1.3",
      failure("ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED"),
      {},
      PeerRefusedCertificate,
      /\(none was presented\): certificate required/,
    ],
    [
      "an alert about something else",
      failure("ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION"),
      ours,
      HandshakeError,
      /the peer ended the TLS handshake: protocol version/,
    ],
    [
      "a failure before the server's certificate",
      failure("ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE"),
      ours,
      HandshakeError,
      /handshake failure/,
    ],
    [
      "the same failure after it",
      { ...failure("ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE"), certificate: server },
      {},
      PeerRefusedCertificate,
      /handshake failure/,
    ],
    [
      "an alert after the server's certificate that is about something else",
      { ...failure("ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR"), certificate: server },
      ours,
      HandshakeError,
      /the peer ended the TLS handshake: internal error/,
    ],
    [
      "a close before the server's certificate",
      failure("ECONNRESET"),
      ours,
      HandshakeError,
      /closed during the TLS handshake/,
    ],
    [
      "a close after the server's certificate",
      { ...failure("ECONNRESET"), certificate: server },
      ours,
      PeerRefusedCertificate,
      /probably/,
    ],
    [
      "a close after the server's certificate, by a client without certificate",
      { ...failure("ECONNRESET"), certificate: server },
      {},
      HandshakeError,
      /closed/,
    ],
    ["a close without an error", {}, {}, HandshakeError, /closed during the TLS handshake/],
    [
      "an unknown code",
      { authorizationError: "SOME_NEW_REASON" },
      trusting,
      PeerVerifyError,
      /not trusted: some new reason/,
    ],
    [
      "the library's second check of the certificate",
      { authorizationError: "NOT_VERIFIED" },
      trusting,
      PeerVerifyError,
      /not trusted: not verified/,
    ],
    [
      "a reason without a code of its own in Node",
      { ...failure("UNSPECIFIED", "permitted subtree violation"), authorizationError: "UNSPECIFIED" },
      trusting,
      PeerVerifyError,
      /not trusted: permitted subtree violation/,
    ],
    [
      "BoringSSL's code for a failed verification",
      failure("ERR_SSL_CERTIFICATE_VERIFY_FAILED"),
      trusting,
      PeerVerifyError,
      /not trusted/,
    ],
    [
      "a failed check that was not requested",
      { ...failure("EPROTO"), authorizationError: "CERT_HAS_EXPIRED" },
      {},
      HandshakeError,
      /EPROTO/,
    ],
    [
      "another error of OpenSSL",
      failure("ERR_SSL_WRONG_VERSION_NUMBER", "wrong version number"),
      {},
      HandshakeError,
      /does not speak TLS \(wrong version number\)/,
    ],
    [
      "the alert to a ClientHello for a client",
      failure("ERR_SSL_TLSV1_ALERT_UNEXPECTED_MESSAGE"),
      {},
      HandshakeError,
      /^both ends are TLS clients/,
    ],
    [
      "the same alert after the server's certificate",
      { ...failure("ERR_SSL_TLSV1_ALERT_UNEXPECTED_MESSAGE"), certificate: server },
      {},
      HandshakeError,
      /^the peer ended the TLS handshake: unexpected message$/,
    ],
    [
      "a failed verification of a peer without certificate",
      { authorizationError: "CERT_REVOKED" },
      trusting,
      PeerVerifyError,
      /^the peer's certificate is not trusted: it or a CA in its chain was revoked/,
    ],
    ["a value that is not an Error", { error: "odd" }, {}, HandshakeError, /odd/],
  ];

  test.each(cases)("handshakeFailed converts %s", (_, how, options, errorClass, message) => {
    const error = handshakeFailed(how, client(options));
    expect(error).toBeInstanceOf(errorClass);
    expect(error.message).toMatch(message);
    expect(error.cause).toBe(how.error);
  });

  test.each([
    [
      "an unexpected message",
      coded("ERR_SSL_TLSV1_ALERT_UNEXPECTED_MESSAGE"),
      /ended the TLS handshake: unexpected message/,
    ],
    [
      "handshake failure",
      coded("ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE"),
      /ended the TLS handshake: handshake failure/,
    ],
    ["a reset", coded("ECONNRESET"), /closed during the TLS handshake/],
  ])(
    "for a server that has the client's certificate, %s does not mean that its own was refused",
    (_, error, message) => {
      const side = { role: "server" as const, localCertificate: server };
      const reason = handshakeFailed({ error, certificate: clientCertificate }, side);
      expect(reason).toBeInstanceOf(HandshakeError);
      expect(reason.message).toMatch(message);
    },
  );

  test("a server does not take an unexpected message for that of a second client", () => {
    const error = coded("ERR_SSL_TLSV1_ALERT_UNEXPECTED_MESSAGE");
    const reason = handshakeFailed({ error }, { role: "server", localCertificate: server });
    expect(reason.message).toBe("the peer ended the TLS handshake: unexpected message");
  });

  const REASONS: [string, RegExp][] = [
    ["CERT_SIGNATURE_FAILURE", /^its signature does not match the key of the CA/],
    ["CERT_HAS_EXPIRED", /^it or a CA in its chain has expired$/],
    ["CERT_NOT_YET_VALID", /^it or a CA in its chain is not valid yet$/],
    ["INVALID_CA", /^the certificate that issued it is not a CA$/],
    ["PATH_LENGTH_EXCEEDED", /^its chain has more CAs than its root allows$/],
    ["CERT_CHAIN_TOO_LONG", /^its chain is too long$/],
    ["WEAK_CERTIFICATE", /^its key or signature or that of a CA in its chain is too weak$/],
    ["CRL_HAS_EXPIRED", /^a revocation list in `crl` is out of date/],
    ["CRL_NOT_YET_VALID", /^a revocation list in `crl` is not valid yet$/],
    ["CRL_SIGNATURE_FAILURE", /^the signature of a revocation list in `crl` does not match/],
    ["UNABLE_TO_GET_CRL", /^`crl` has no revocation list of the CA that issued it or of another CA/],
    ["HOSTNAME_MISMATCH", /^it is not for calc\.example$/],
    ["INVALID_PURPOSE", /^it or a CA in its chain is not made for TLS servers$/],
    [
      "SELF_SIGNED_CERT_IN_CHAIN",
      /^its chain does not lead to one of the trusted CAs \(CN=Test CA; CN=Test CA; CN=Test CA\)$/,
    ],
  ];

  test.each(REASONS)(
    "the code %s of a peer whose certificate is unknown has a readable reason",
    (code, reason) => {
      const side = client({
        verifyAuthorities: [authority, authority, authority],
        serverName: "calc.example",
      });
      const { message } = handshakeFailed({ authorizationError: code }, side);
      expect(message.replace("the peer's certificate is not trusted: ", "")).toMatch(reason);
    },
  );

  test.each([
    ["CERT_HAS_EXPIRED", server.validTo, 0, /: a CA in its chain has expired$/],
    ["CERT_HAS_EXPIRED", server.validTo, 1, /: it expired on /],
    ["CERT_NOT_YET_VALID", server.validFrom, 0, /: a CA in its chain is not valid yet$/],
    ["CERT_NOT_YET_VALID", server.validFrom, -1, /: it is not valid before /],
  ])(
    "for the code %s the reason is of the certificate or of its CA: %s and %i ms",
    (code, time, past, reason) => {
      vi.useFakeTimers({ toFake: ["Date"], now: time.getTime() + past });
      onTestFinished(() => void vi.useRealTimers());
      const failed = handshakeFailed({ authorizationError: code, certificate: server }, client(trusting));
      expect(failed.message).toMatch(reason);
    },
  );

  test("the message of PeerVerifyError names the certificate and the trusted CAs", () => {
    const side = client({
      verifyAuthorities: [otherAuthority, otherAuthority, otherAuthority, otherAuthority],
    });
    const how = { authorizationError: "UNABLE_TO_VERIFY_LEAF_SIGNATURE", certificate: server };
    expect(handshakeFailed(how, side).message).toBe(
      "the peer's certificate (CN=calc.example, issued by CN=Test CA) is not trusted: its chain does not lead to " +
        "one of the trusted CAs (CN=Other CA; CN=Other CA; CN=Other CA; 1 more)",
    );
  });
});

describe("refusalAfterHandshake", () => {
  test.each([
    ["closed without an error", undefined],
    ["reset", coded("ECONNRESET")],
    ["EPIPE in a write", coded("EPIPE")],
    ["an alert", coded("ERR_SSL_TLSV1_ALERT_UNKNOWN_CA")],
    ["any alert", coded("ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR")],
  ])("after the handshake, %s means that the server refused the client's certificate", (_, error) => {
    const refusal = refusalAfterHandshake(error, client(ours));
    expect(refusal).toBeInstanceOf(PeerRefusedCertificate);
    expect(refusal?.message).toContain("(CN=client, issued by CN=Test CA)");
    expect(refusal?.cause).toBe(error);
  });

  test("a late end after the handshake counts as a refusal only with an alert about certificates", () => {
    for (const error of [undefined, coded("ECONNRESET"), coded("ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR")]) {
      expect(refusalAfterHandshake(error, client(ours), 1_000)).toBeInstanceOf(PeerRefusedCertificate);
      expect(refusalAfterHandshake(error, client(ours), 2_000)).toBeInstanceOf(PeerRefusedCertificate);
      expect(refusalAfterHandshake(error, client(ours), 2_001)).toBeUndefined();
    }
    const said = coded("ERR_SSL_TLSV1_ALERT_CERTIFICATE_REVOKED");
    expect(refusalAfterHandshake(said, client(ours), 3_000)).toBeInstanceOf(PeerRefusedCertificate);
  });

  test("other errors after the handshake are not refusals", () => {
    expect(refusalAfterHandshake(coded("ERR_SSL_BAD_RECORD_MAC"), client(ours))).toBeUndefined();
    expect(refusalAfterHandshake(new Error("of our own"), client(ours))).toBeUndefined();
  });

  test("a server that closes after a handshake without client certificate has refused only with an alert", () => {
    expect(refusalAfterHandshake(undefined, client({}))).toBeUndefined();
    expect(refusalAfterHandshake(coded("ECONNRESET"), client({}))).toBeUndefined();
    expect(
      refusalAfterHandshake(coded("ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED"), client({}))?.message,
    ).toMatch(/none was presented.*certificate required/);
  });

  test("a client that closes after the handshake has refused the server only with an alert", () => {
    const side = { role: "server" as const, localCertificate: server };
    expect(refusalAfterHandshake(undefined, side)).toBeUndefined();
    expect(refusalAfterHandshake(coded("ECONNRESET"), side)).toBeUndefined();
    expect(refusalAfterHandshake(coded("ERR_SSL_TLSV1_ALERT_UNKNOWN_CA"), side)?.message).toMatch(
      /unknown ca/,
    );
  });
});

function coded(code: string, reason = code): Error {
  return Object.assign(new Error("something"), { code, reason });
}

function failure(code: string, reason?: string): HandshakeFailure {
  return { error: coded(code, reason) };
}
