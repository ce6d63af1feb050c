/** The events of one relayed connection. */
import type { Box } from "../../index.ts";
import type { Endpoint } from "./endpoint.ts";
import type { Meaning } from "./pairing.ts";

export type Traffic =
  /** `peer` is the address of the client, if known. */
  | { readonly kind: "opened"; readonly peer: string | undefined }
  | {
      readonly kind: "box";
      readonly from: Endpoint;
      readonly secure: boolean;
      readonly box: Box;
      readonly meaning: Meaning;
      /** Keys that occur more than once. */
      readonly repeated?: readonly string[];
    }
  /** Bytes that are not AMP. */
  | { readonly kind: "raw"; readonly from: Endpoint; readonly secure: boolean; readonly bytes: Uint8Array }
  /** Both connections of the proxy use TLS from here on. */
  | { readonly kind: "secured"; readonly client: SessionInfo; readonly server: SessionInfo }
  /** One endpoint ended its side of the connection. */
  | { readonly kind: "ended"; readonly from: Endpoint }
  | { readonly kind: "closed"; readonly reason: Error | undefined };

/** The TLS session between the proxy and one endpoint. */
export interface SessionInfo {
  readonly protocol: string;
  /** Certificate that this endpoint presented. */
  readonly certificate: string | undefined;
}
