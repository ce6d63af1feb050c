/** AMP on Node: TCP and UNIX sockets, streams, and TLS in mid-stream. */

export { type Attachable, type AttachOptions, attach } from "./attach.ts";
export { Certificate } from "./certificates/certificate.ts";
export { PrivateCertificate } from "./certificates/private-certificate.ts";
export { type ConnectOptions, connect } from "./connect.ts";
export { NodeConnection, type NodeConnectionOptions, protocolSwitch } from "./connection.ts";
export { type ListenOptions, listen, Server } from "./listen.ts";
export type { TLSOptions, TLSRole, TLSVersion } from "./tls/options.ts";
