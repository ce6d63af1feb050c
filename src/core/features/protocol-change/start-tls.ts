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
import { isThenable } from "../../serving/answers.ts";
import type {
  CertificateLike,
  NamedAuthorities,
  PrivateCertificateLike,
  StartTLSTransport,
  TLSOptions,
} from "../../transport.ts";
import { checkTLSOptionNames, START_TLS_OPTIONS } from "./tls-option-names.ts";

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
      const { tls_requireQuiescent: requireQuiescent = false } = values;
      if (typeof requireQuiescent !== "boolean")
        throw new TypeError("startTLS: requireQuiescent must be true or false");
      if (requireQuiescent && !connection.quiescent) {
        throw new NotQuiescent("calls that were made in plaintext are not answered yet");
      }
      const given = givenOptions(values);
      const start = (defaults: TLSOptions | undefined): StartTLSTransport => {
        // A function that forgets to return its options must not turn verification off.
        if (defaults === undefined)
          throw new TypeError("tls: the function returned undefined, not TLS options");
        checkTLSOptionNames("tls", defaults);
        const options = { ...defaults, ...given };
        requireAuthorities(connection, options, side);
        return startOf(connection, options);
      };
      const performWith = (begin: StartTLSTransport) => async (leftovers: Uint8Array) => {
        // The peer may have called in plaintext until it answered. It starts TLS now, so the upgrade cannot be undone.
        if (requireQuiescent && connection.owesAnswers) {
          throw new NotQuiescent(
            "calls that the peer made in plaintext, before it answered StartTLS, are not answered yet",
          );
        }
        const session = await begin(leftovers, side);
        if (connection.requireTLS === "verified" && session.verified !== true) {
          throw new PeerVerifyError('the peer is not verified, and requireTLS: "verified" requires it');
        }
        connection.secured(session);
        return {};
      };
      const defaults = connection.tlsDefaults();
      return isThenable(defaults)
        ? defaults.then((options) => performWith(start(options)))
        : performWith(start(defaults));
    },
  },
};

/**
 * Returns the options of the call or the responder. An option that is undefined does not override a default.
 * @throws TypeError for an option that does not exist, and for null
 */
function givenOptions(values: Readonly<Record<string, unknown>>): TLSOptions {
  const { tls_options: more = {} } = values;
  // A JavaScript program may pass a value of any type: the check refuses those that are not objects.
  checkTLSOptionNames("startTLS", more as object, START_TLS_OPTIONS);
  const all = {
    ...(more as TLSOptions),
    ...defined({
      localCertificate: values.tls_localCertificate,
      verifyAuthorities: values.tls_verifyAuthorities,
      serverName: values.tls_serverName,
    }),
  };
  checkTLSOptionNames("startTLS", all);
  return defined(all);
}

/** Returns the options that are not undefined. */
function defined(options: object): TLSOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
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
  tls_verifyAuthorities: local<readonly CertificateLike[] | NamedAuthorities>(),
  /** Name that the server's certificate must have, if this end is the TLS client. Not part of Twisted: it checks no names. */
  tls_serverName: local<string>(),
  /** Further options of this end, for example `minVersion`. Not part of Twisted. */
  tls_options: local<TLSOptions>(),
  /** Reject the upgrade while calls made in plaintext are unanswered: see {@link StartTLSOptions}. Not part of Twisted. */
  tls_requireQuiescent: local<boolean>(),
};

/** Command that upgrades the connection to TLS. `connection.startTLS()` calls it. */
export const StartTLS = command("StartTLS", {
  arguments: tlsFields,
  response: tlsFields,
  errors: { TLS_ERROR: OnlyOneTLS, TLS_NOT_AVAILABLE: TLSNotAvailable, TLS_NOT_QUIESCENT: NotQuiescent },
  commandType: tlsBox,
  responseType: tlsBox,
});
