/**
 * Checks if the edges of known clients still exist. An edge that is killed cannot report that its clients have gone, and the NATS
 * server does not report it.
 */

import { targetOf } from "./call-service.ts";
import { NatsCaller } from "./caller.ts";
import type { KnownClients } from "./clients.ts";
import { Leave, Look } from "./control.ts";
import { type Link, NoReceiver } from "./link.ts";

/** Milliseconds between two checks. */
const LOOK_MS = 30_000;
/** Id of a client that no edge has. */
const NO_CLIENT = "0";

export class EdgeCheck {
  readonly #link: Link;
  readonly #service: string;
  readonly #clients: KnownClients;
  /** True: the next look is for each client, not only for the edges. */
  #checksClients = false;
  #timer: unknown;
  #isEnded = false;

  constructor(link: Link, service: string, clients: KnownClients) {
    this.#link = link;
    this.#service = service;
    this.#clients = clients;
  }

  /** Begins to look, as long as clients are known. */
  begin(): void {
    if (this.#timer !== undefined || this.#isEnded) return;
    this.#timer = this.#link.clock.setTimeout(() => {
      this.#timer = undefined;
      if (this.#checksClients) for (const client of this.#clients.ids) void this.lookAt(client);
      else for (const edge of this.#clients.edges) void this.#look(edge);
      this.#checksClients = false;
      if (this.#clients.size > 0) this.begin();
    }, LOOK_MS);
  }

  async #look(edge: string): Promise<void> {
    const isThere = this.#callerOf(`${edge}.${NO_CLIENT}`)?.callRemote(Leave, { topic: "-" });
    if (await hasNoReceiver(isThere)) this.#clients.edgeGone(edge);
  }

  /** Checks if a client is still connected: its edge may have reported the end before this worker subscribed. */
  async lookAt(client: string): Promise<void> {
    if (await hasNoReceiver(this.#callerOf(client)?.callRemote(Look))) this.#clients.gone(client);
  }

  /** There is a connection to NATS again: edges may have told meanwhile that clients have gone. They may connect later than this. */
  reconnected(): void {
    this.#checksClients = true;
    if (this.#clients.size > 0) this.begin();
  }

  /** Returns a caller of the edge of a client; undefined without a connection to NATS. */
  #callerOf(client: string): NatsCaller | undefined {
    const { nats, watch, clock, inboxPrefix } = this.#link;
    if (!watch.connected) return undefined;
    const subject = `${this.#service}.join.${client}`;
    return new NatsCaller(
      this.#link,
      targetOf(nats, { clock, inboxPrefix }, undefined, () => subject),
    );
  }

  end(): void {
    this.#isEnded = true;
    this.#link.clock.clearTimeout(this.#timer);
  }
}

/** Returns true if the call was rejected because nothing receives it. Another failure, such as a missing permission, shows nothing. */
async function hasNoReceiver(call: Promise<unknown> | undefined): Promise<boolean> {
  try {
    await call;
    return false;
  } catch (error) {
    return error instanceof NoReceiver;
  }
}
