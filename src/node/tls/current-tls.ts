/** The TLS options of a server, which `setTLS` replaces while it runs. */
import type { AmpConnection } from "../../core/command/types.ts";
import { TLSNotAvailable } from "../../core/errors/caller.ts";
import type { TLSOptions, TLSProvider } from "./options.ts";
import { checkTLSOptions } from "./validate-options.ts";

export class CurrentTLS {
  #current: TLSOptions | TLSProvider;
  /** The option `tls` for every connection of the server: the options are chosen when a handshake begins. */
  readonly option: TLSProvider | false;

  constructor(tls: TLSOptions | TLSProvider | false = {}) {
    this.#current = tls || {};
    this.option = tls === false ? false : (connection) => this.#of(connection);
  }

  /** @throws InvalidCertificate, TypeError; TLSNotAvailable if the server does not accept StartTLS */
  set(tls: TLSOptions | TLSProvider): void {
    if (this.option === false) throw new TLSNotAvailable("setTLS: the server was started with `tls: false`");
    if (typeof tls !== "function") {
      if (typeof tls !== "object" || tls === null)
        throw new TypeError("setTLS: the options must be an object or a function");
      checkTLSOptions(tls, "server");
    }
    this.#current = tls;
  }

  #of(connection: AmpConnection | undefined): TLSOptions | Promise<TLSOptions> {
    return typeof this.#current === "function" ? this.#current(connection) : this.#current;
  }
}
