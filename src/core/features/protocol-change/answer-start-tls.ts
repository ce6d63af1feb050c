/** The library's own responder of StartTLS: it answers with the connection's `tls` option, as Twisted does. */
import type { Kernel } from "../../connection/feature.ts";
import { TLSNotAvailable } from "../../errors/caller.ts";
import { RemoteAmpError } from "../../errors/peer.ts";
import { UNHANDLED_ERROR_CODE } from "../../errors/wire-codes.ts";
import type { Values } from "../../schema/field.ts";

/**
 * The response is empty: certificate and authorities come from the option.
 * @throws TLSNotAvailable, RemoteAmpError if the option `tls` is `false`
 */
export function answerStartTLS({ options: { requireTLS, tls } }: Kernel): Values {
  if (tls !== false) return {};
  if (requireTLS === true) {
    throw new TLSNotAvailable(
      "TLS is required here, but StartTLS is not answered: `requireTLS` together with `tls: false`",
    );
  }
  throw new RemoteAmpError(UNHANDLED_ERROR_CODE, "Unhandled Command: 'StartTLS'");
}
