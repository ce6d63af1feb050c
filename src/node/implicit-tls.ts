/** TLS from the first byte (`tls://`), without StartTLS. */
import type { Duplex } from "node:stream";
import { DEFAULT_LIMITS } from "../core/connection/limits.ts";
import { DescriptorsNotAvailable } from "../core/errors/caller.ts";
import { HandshakeTimeout } from "../core/errors/tls.ts";
import { checkTLSOptionNames } from "../core/features/protocol-change/tls-option-names.ts";
import type { AbortSignalLike } from "../core/platform.ts";
import { limitTime } from "../core/time-limit.ts";
import { ephemeralCertificate } from "./certificates/ephemeral.ts";
import { systemClock } from "./clock.ts";
import type { NodeConnectionOptions } from "./connection.ts";
import type { TLSOptions, TLSRole } from "./tls/options.ts";
import { upgrade } from "./tls/upgrade.ts";
import type { Upgraded } from "./tls/upgraded.ts";

/** @throws TypeError, DescriptorsNotAvailable for options that contradict `implicitTLS` */
export function checkImplicitTLS(options: {
  readonly implicitTLS?: boolean | undefined;
  readonly tls?: unknown;
  readonly descriptors?: unknown;
}): void {
  const { implicitTLS, tls, descriptors } = options;
  if (implicitTLS !== undefined && typeof implicitTLS !== "boolean")
    throw new TypeError(
      "the option implicitTLS must be a boolean: the certificates belong into the option tls",
    );
  if (implicitTLS !== true) return;
  if (tls === false) throw new TypeError("implicitTLS contradicts `tls: false`");
  if (descriptors)
    throw new DescriptorsNotAvailable("descriptors need plaintext: they cannot be sent inside TLS");
}

/**
 * Performs the handshake on a new socket. A failure, `signal` and the limit `handshakeTimeout` destroy the socket.
 * @throws PeerVerifyError, PeerRefusedCertificate, HandshakeError, HandshakeTimeout, the reason of the signal
 */
export async function startImplicitTLS(
  socket: Duplex,
  role: TLSRole,
  options: NodeConnectionOptions,
  signal?: AbortSignalLike,
): Promise<Upgraded> {
  const { clock = systemClock, limits, tls } = options;
  const timeout = limits?.handshakeTimeout ?? DEFAULT_LIMITS.handshakeTimeout;
  const abort = new AbortController();
  const release = limitTime(clock, { timeout, signal }, (cause) =>
    abort.abort(
      cause === "abort"
        ? signal?.reason
        : new HandshakeTimeout(
            `the TLS handshake took longer than the limit handshakeTimeout (${timeout} ms)`,
          ),
    ),
  );
  // Until the handshake listens itself. An `error` event without a listener would end the process.
  socket.on("error", ignore);
  try {
    const given = await optionsFor(tls, abort.signal);
    const { localCertificate = role === "server" ? ephemeralCertificate() : undefined } = given;
    const settings = { ...given, localCertificate, role };
    socket.pause();
    const stream = await upgrade(socket, { ...settings, signal: abort.signal });
    return { stream, settings };
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    release();
  }
}

/** Returns the options of the handshake. The function of a program may take any time. @throws TypeError, the reason of the signal */
async function optionsFor(tls: NodeConnectionOptions["tls"], signal: AbortSignal): Promise<TLSOptions> {
  if (typeof tls !== "function") return tls || {};
  let aborted = ignore;
  try {
    const late = new Promise<never>((_, reject) => {
      aborted = () => reject(signal.reason);
      signal.addEventListener("abort", aborted);
    });
    // There is no connection before the handshake.
    const given = await Promise.race([tls(undefined), late]);
    // A function that forgets to return its options must not turn verification off.
    if (given === undefined) throw new TypeError("tls: the function returned undefined, not TLS options");
    checkTLSOptionNames("tls", given);
    return given;
  } finally {
    signal.removeEventListener("abort", aborted);
  }
}

function ignore(): void {}
