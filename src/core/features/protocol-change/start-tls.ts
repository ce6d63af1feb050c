/**
 * StartTLS: use it, or extend it, to turn a connection to TLS in mid-stream.
 *
 * The certificates are local arguments: they say what our side presents and demands, and never travel. A
 * responder gives its own under the same names in what it returns. See SPEC.md for the exchange.
 */
import { local } from "../../arguments/local.ts";
import { command } from "../../command/command.ts";
import type { BoxKind, ChangingConnection } from "../../command/protocol-change.ts";
import { TLSNotAvailable } from "../../errors/caller.ts";
import { NotQuiescent, OnlyOneTLS } from "../../errors/tls.ts";
import type { CertificateLike, PrivateCertificateLike, TLSOptions } from "../../transport.ts";

/** A box that, once it has answered, is followed by a TLS handshake. */
export const tlsBox: BoxKind = {
  name: "TLSBox",
  change: {
    state: "upgrading",
    admit(connection, side) {
      if (side === "asker" && connection.transport.tls !== undefined) {
        throw new TypeError("TLS inside TLS is not possible: the stream is TLS already");
      }
      if (connection.secure) throw new OnlyOneTLS("TLS has already been started on this connection");
    },
    prepare(connection, values, side) {
      const requireQuiescent = values.tls_requireQuiescent === true;
      if (requireQuiescent && !connection.quiescent) {
        throw new NotQuiescent("calls that were asked in plaintext are not answered yet");
      }
      const start = startOf(connection, values);
      return async (leftovers) => {
        // Until it answered, the peer could still ask, in plaintext. It starts TLS now, so there is no way back.
        if (requireQuiescent && connection.owesAnswers) {
          throw new NotQuiescent(
            "calls that the peer made in plaintext, before it answered StartTLS, are not answered yet",
          );
        }
        connection.secured(await start(leftovers, side));
        return {};
      };
    },
  },
};

function startOf({ transport, tlsDefaults }: ChangingConnection, values: Readonly<Record<string, unknown>>) {
  if (transport.prepareTLS === undefined) {
    throw new TLSNotAvailable(
      "this transport cannot start TLS in mid-stream (over a WebSocket use wss: instead)",
    );
  }
  // What a caller or responder gives is checked by the transport, which knows its own certificates.
  return transport.prepareTLS({
    ...tlsDefaults, // it may hold more than the core knows: versions, on Node
    localCertificate: values.tls_localCertificate ?? tlsDefaults.localCertificate,
    verifyAuthorities: values.tls_verifyAuthorities ?? tlsDefaults.verifyAuthorities,
    serverName: values.tls_serverName ?? tlsDefaults.serverName,
  } as TLSOptions);
}

/** Also what a responder may return. Absent ones default to the connection's `tls` option. */
const tlsFields = {
  /** The certificate, with its key, that our side presents. */
  tls_localCertificate: local<PrivateCertificateLike>(),
  /** Who may vouch for the peer's certificate. */
  tls_verifyAuthorities: local<readonly CertificateLike[]>(),
  /** Ours: refuse to upgrade while a call asked in plaintext is unanswered: see {@link StartTLSOptions}. */
  tls_requireQuiescent: local<boolean>(),
};

/** Turns the connection to TLS. `connection.startTLS()` calls it. */
export const StartTLS = command("StartTLS", {
  // tls_serverName is ours: Twisted checks no host name.
  arguments: { ...tlsFields, tls_serverName: local<string>() },
  response: tlsFields,
  errors: { TLS_ERROR: OnlyOneTLS, TLS_NOT_AVAILABLE: TLSNotAvailable, TLS_NOT_QUIESCENT: NotQuiescent },
  commandType: tlsBox,
  responseType: tlsBox,
});
