/**
 * StartTLS: the command that upgrades an open connection to TLS. A program may extend it.
 *
 * Its arguments are local: they set the certificates and the options of this end, and are never sent. A responder returns its
 * own under the same names. SPEC.md describes the exchange.
 */
import { local } from "../../arguments/local.ts";
import { command } from "../../command/command.ts";
import type { BoxKind, ChangeSide, ChangingConnection } from "../../command/protocol-change.ts";
import { TLSNotAvailable } from "../../errors/caller.ts";
import { NotQuiescent, OnlyOneTLS, PeerVerifyError } from "../../errors/tls.ts";
import type { CertificateLike, PrivateCertificateLike, TLSOptions } from "../../transport.ts";

/** Kind of box of StartTLS: after the answer, a TLS handshake follows. */
export const tlsBox: BoxKind = {
  name: "TLSBox",
  change: {
    state: "upgrading",
    admit(connection, side) {
      if (side === "asker" && connection.transport.tls !== undefined) {
        throw new OnlyOneTLS("the stream uses TLS from its first byte: StartTLS is not possible inside TLS");
      }
      if (connection.secure) throw new OnlyOneTLS("TLS has already been started on this connection");
    },
    prepare(connection, values, side) {
      const requireQuiescent = values.tls_requireQuiescent === true;
      if (requireQuiescent && !connection.quiescent) {
        throw new NotQuiescent("calls that were made in plaintext are not answered yet");
      }
      const options = tlsOptions(connection, values);
      requireAuthorities(connection, options, side);
      const start = startOf(connection, options);
      return async (leftovers) => {
        // The peer may have called in plaintext until it answered. It starts TLS now, so the upgrade cannot be undone.
        if (requireQuiescent && connection.owesAnswers) {
          throw new NotQuiescent(
            "calls that the peer made in plaintext, before it answered StartTLS, are not answered yet",
          );
        }
        const session = await start(leftovers, side);
        if (connection.requireTLS === "verified" && session.verified !== true) {
          throw new PeerVerifyError('the peer is not verified, and requireTLS: "verified" requires it');
        }
        connection.secured(session);
        return {};
      };
    },
  },
};

/** Values of the caller or the responder, and the connection's `tls` option for those that they do not give. */
function tlsOptions(
  { tlsDefaults }: ChangingConnection,
  values: Readonly<Record<string, unknown>>,
): TLSOptions {
  return {
    ...tlsDefaults, // it may have options that the core does not know, for example TLS versions on Node
    localCertificate: values.tls_localCertificate ?? tlsDefaults.localCertificate,
    verifyAuthorities: values.tls_verifyAuthorities ?? tlsDefaults.verifyAuthorities,
    serverName: values.tls_serverName ?? tlsDefaults.serverName,
  } as TLSOptions; // the transport checks the values, because it knows its own certificate classes
}

/**
 * An end that requires TLS must not upgrade to an unverified peer because that peer asks for it: it would then send what is
 * meant for the verified one.
 * @throws TLSNotAvailable
 */
function requireAuthorities(
  { requireTLS, transport }: ChangingConnection,
  { verifyAuthorities }: TLSOptions,
  side: ChangeSide,
): void {
  if (verifyAuthorities !== undefined || requireTLS === false) return;
  const isAskedClient = side === "responder" && transport.tlsRole === "client";
  if (requireTLS !== "verified" && !isAskedClient) return;
  throw new TLSNotAvailable(
    `${requireTLS === "verified" ? 'requireTLS: "verified" verifies the peer' : "a client with requireTLS does not answer StartTLS without verification"}: set tls.verifyAuthorities`,
  );
}

function startOf({ transport }: ChangingConnection, options: TLSOptions) {
  if (transport.prepareTLS === undefined) {
    throw new TLSNotAvailable(
      "this transport cannot be upgraded to TLS: use TLS from the first byte, for example a wss: URL",
    );
  }
  return transport.prepareTLS(options);
}

/** Local fields of the arguments and the response. They default to the connection's `tls` option. */
const tlsFields = {
  /** Certificate, with its private key, that this end presents. */
  tls_localCertificate: local<PrivateCertificateLike>(),
  /** CAs that this end trusts to issue the peer's certificate. */
  tls_verifyAuthorities: local<readonly CertificateLike[]>(),
  /** Reject the upgrade while calls made in plaintext are unanswered: see {@link StartTLSOptions}. Not part of Twisted. */
  tls_requireQuiescent: local<boolean>(),
};

/** Command that upgrades the connection to TLS. `connection.startTLS()` calls it. */
export const StartTLS = command("StartTLS", {
  // tls_serverName is an extension: Twisted does not check host names.
  arguments: { ...tlsFields, tls_serverName: local<string>() },
  response: tlsFields,
  errors: { TLS_ERROR: OnlyOneTLS, TLS_NOT_AVAILABLE: TLSNotAvailable, TLS_NOT_QUIESCENT: NotQuiescent },
  commandType: tlsBox,
  responseType: tlsBox,
});
