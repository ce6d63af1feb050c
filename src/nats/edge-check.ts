/**
 * Looks whether the edges of known clients still exist. An edge that is killed cannot tell that its clients have gone, and the
 * NATS server does not either.
 */

import { targetOf } from "./call-service.ts";
import { NatsCaller } from "./caller.ts";
import type { KnownClients } from "./clients.ts";
import { Leave } from "./control.ts";
import { NoResponders } from "./errors.ts";
import type { Link } from "./link.ts";

/** Milliseconds between two looks. */
const LOOK_MS = 30_000;
/** Id of a client that no edge has. */
const NO_CLIENT = "0";

export class EdgeCheck {
  readonly #link: Link;
  readonly #service: string;
  readonly #clients: KnownClients;
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
      for (const edge of this.#clients.edges) void this.#look(edge);
      if (this.#clients.size > 0) this.begin();
    }, LOOK_MS);
  }

  async #look(edge: string): Promise<void> {
    const { nats, watch, clock, inboxPrefix } = this.#link;
    if (!watch.connected) return;
    const subject = `${this.#service}.join.${edge}.${NO_CLIENT}`;
    const caller = new NatsCaller(
      this.#link,
      targetOf(nats, { clock, inboxPrefix }, undefined, () => subject),
    );
    try {
      await caller.callRemote(Leave, { topic: "-" });
    } catch (error) {
      if (error instanceof NoResponders && watch.connected) this.#clients.edgeGone(edge);
    }
  }

  end(): void {
    this.#isEnded = true;
    this.#link.clock.clearTimeout(this.#timer);
  }
}
