/** Clients of edges that a worker knows: those with asks in progress, and with affinity all that have asked. */
import type { ConnectionState } from "../core/command/types.ts";
import { ConnectionClosed } from "../core/errors/transport.ts";
import type { RemotePeer } from "./peer.ts";

/** An ask of a client, as the end of the client sees it. */
interface AskOfClient {
  abort(reason: Error): void;
}

export class KnownClient {
  readonly asks = new Set<AskOfClient>();
  /** With affinity: what responders keep about the connection, and the connection. Replaced when the client starts TLS. */
  session:
    | { readonly tls: string | undefined; readonly state: ConnectionState; readonly peer: RemotePeer }
    | undefined;
  /** Functions that resolve promises of the client's end. */
  readonly waiters: ((reason: Error) => void)[] = [];
}

export class KnownClients {
  readonly #clients = new Map<string, KnownClient>();
  /** Called when a client stays known without an ask in progress; undefined if none does. */
  readonly #kept: (() => void) | undefined;

  /** @param kept with affinity: clients stay known until they have gone. It is called for each new client */
  constructor(kept?: () => void) {
    this.#kept = kept;
  }

  get size(): number {
    return this.#clients.size;
  }

  /** Ids of all known clients. */
  get ids(): string[] {
    return [...this.#clients.keys()];
  }

  has(client: string): boolean {
    return this.#clients.has(client);
  }

  /** Ids of the edges of all known clients. */
  get edges(): Set<string> {
    return new Set(Array.from(this.#clients.keys(), (client) => client.slice(0, client.indexOf("."))));
  }

  of(client: string): KnownClient {
    let known = this.#clients.get(client);
    if (known === undefined) {
      known = new KnownClient();
      this.#clients.set(client, known);
      this.#kept?.();
    }
    return known;
  }

  ended(client: string, ask: AskOfClient): void {
    const known = this.#clients.get(client);
    if (known === undefined) return;
    known.asks.delete(ask);
    if (known.asks.size === 0 && this.#kept === undefined && known.waiters.length === 0)
      this.#clients.delete(client);
  }

  /** A client has disconnected: aborts its asks. */
  gone(client: string): void {
    const known = this.#clients.get(client);
    if (known === undefined) return;
    this.#clients.delete(client);
    const reason = new ConnectionClosed("the client has disconnected from its edge");
    for (const ask of known.asks) ask.abort(reason);
    for (const wake of known.waiters) wake(reason);
  }

  /** An edge does not exist any more. */
  edgeGone(edge: string): void {
    for (const client of [...this.#clients.keys()]) if (client.startsWith(`${edge}.`)) this.gone(client);
  }

  /** The worker has ended. */
  end(reason: Error): void {
    for (const { waiters } of this.#clients.values()) for (const wake of waiters) wake(reason);
    this.#clients.clear();
  }
}
