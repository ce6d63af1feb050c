/** The session of a TLS socket that was one before it came to us. What it was verified against, its maker knows. */
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
    const look = () => this.#look(socket);
    look();
    // Its handshake may still be to come: `secure` where we are the TLS server, and on Node where we are the client.
    socket.once("secure", look).once("secureConnect", look);
  }

  #look(socket: TLSSocket): void {
    const { certificate, protocol, cipher } = describePeer(socket);
    this.peerCertificate = certificate;
    this.protocol = protocol ?? this.protocol;
    this.cipher = cipher ?? this.cipher;
    this.verified = socket.authorized;
  }
}
