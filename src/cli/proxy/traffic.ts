/** What somebody between a client and a server sees of one connection. */
import type { Box } from "../../index.ts";
import type { Endpoint } from "./endpoint.ts";
import type { Meaning } from "./pairing.ts";

export type Traffic =
  /** @param peer where the client comes from, as far as it can be told */
  | { readonly kind: "opened"; readonly peer: string | undefined }
  | {
      readonly kind: "box";
      readonly from: Endpoint;
      readonly secure: boolean;
      readonly box: Box;
      readonly meaning: Meaning;
    }
  /** Bytes that are not AMP, or not any more. */
  | { readonly kind: "raw"; readonly from: Endpoint; readonly secure: boolean; readonly bytes: Uint8Array }
  /** Both legs are in TLS from here on. */
  | { readonly kind: "secured"; readonly client: LegTLS; readonly server: LegTLS }
  /** One side has said that it will send no more. */
  | { readonly kind: "ended"; readonly from: Endpoint }
  | { readonly kind: "closed"; readonly reason: Error | undefined };

/** TLS between the proxy and one side. */
export interface LegTLS {
  readonly protocol: string;
  /** What that side has presented. */
  readonly certificate: string | undefined;
}
