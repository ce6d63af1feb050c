/**
 * The session of a TLS socket that the program created. The library does not know which CAs the program trusts; `verified`
 * is Node's `authorized`.
 */
import type { TLSSocket } from "node:tls";
import type { TLSSession } from "../../core/transport.ts";
import type { Certificate } from "../certificates/certificate.ts";
import { describePeer } from "./peer.ts";

export class ExistingSession implements TLSSession {
  readonly hostCertificate = undefined;
  peerCertificate: Certificate | undefined;
  protocol = "TLS";
  cipher = "unknown";
  verified = false;

  constructor(socket: TLSSocket) {
    const update = () => this.#update(socket);
    update();
    // The handshake may not have finished yet. Servers emit `secure`; clients emit `secureConnect`, on Node also `secure`.
    socket.once("secure", update).once("secureConnect", update);
  }

  #update(socket: TLSSocket): void {
    const { certificate, protocol, cipher } = describePeer(socket);
    this.peerCertificate = certificate;
    this.protocol = protocol ?? this.protocol;
    this.cipher = cipher ?? this.cipher;
    this.verified = socket.authorized;
  }
}
