/** Whether the way to NATS protects what `requireTLS` protects. */
import type { NatsConnectionLike } from "./nats-connection.ts";

/** The client's own transport. Its type is private, so every part is checked. */
interface PrivateParts {
  readonly protocol?: { readonly transport?: { isEncrypted?(): unknown } };
}

/**
 * True if commands with `requireTLS` may go through the connection: it uses TLS, or it does not leave this machine.
 * @param trustNetwork the program trusts the network between its processes and NATS
 */
export function mayCarrySecrets(nats: NatsConnectionLike, trustNetwork: boolean): boolean {
  return trustNetwork || isEncrypted(nats) || isLoopback(nats);
}

/** True if the connection to the server uses TLS. */
export function isEncrypted(nats: NatsConnectionLike): boolean {
  if (nats.info?.tls_required === true) return true;
  // A server may offer TLS without requiring it. Only the transport knows whether the client has used it.
  const { protocol } = nats as PrivateParts; // every part is optional
  return protocol?.transport?.isEncrypted?.() === true;
}

function isLoopback(nats: NatsConnectionLike): boolean {
  const server = nats.getServer().replace(/^\w+:\/\//, "");
  const host = server.replace(/:\d+$/, "").replace(/^\[|\]$/g, "");
  return host === "localhost" || host === "::1" || /^127\.\d+\.\d+\.\d+$/.test(host);
}
