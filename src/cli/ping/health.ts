/** `ampwire ping --once`: asks a server for its health, as a probe. */
import { Health } from "../../index.ts";
import type { NodeConnection } from "../../node/index.ts";
import { ANSWERED } from "./round.ts";

/** The answer of a server. `UNKNOWN`: it has answered, but it does not serve the command, or requires TLS for it. */
export type Status = "SERVING" | "NOT_SERVING" | "UNKNOWN";

/** An ask for the health, and its answer. */
export class HealthProbe {
  readonly #service: string | undefined;
  status: Status = "UNKNOWN";

  /** @param service the part of the server to ask for; undefined: the whole server */
  constructor(service: string | undefined) {
    this.#service = service;
  }

  async ask(connection: NodeConnection, timeout: number | undefined): Promise<void> {
    const service = this.#service === undefined ? {} : { service: this.#service };
    try {
      this.status = (await connection.callRemote(Health, service, { timeout })).status;
    } catch (error) {
      if (!ANSWERED.some((errorClass) => error instanceof errorClass)) throw error;
    }
  }
}
