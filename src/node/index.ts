/** AMP on Node: TCP and UNIX sockets, streams, child processes, and TLS by StartTLS. */

export type { BackoffOptions } from "../core/reconnecting/backoff.ts";
export type { QueueLimits, ReconnectingState } from "../core/reconnecting/options.ts";
export type { ServerLimits } from "../core/serving/server-limits.ts";
export { type Attachable, type AttachOptions, attach } from "./attach.ts";
export { Certificate } from "./certificates/certificate.ts";
export type {
  AuthorityOptions,
  CertificateOptions,
  CertificateUsage,
  RevocationListOptions,
} from "./certificates/generate.ts";
export type { PEM } from "./certificates/pem.ts";
export { type KeyOptions, PrivateCertificate } from "./certificates/private-certificate.ts";
export { type AttachChildOptions, attachChild } from "./child.ts";
export { type CompressedOptions, compressed, type ZlibOptions, zlib } from "./compression.ts";
export { type ConnectOptions, connect } from "./connect.ts";
export { NodeConnection, type NodeConnectionOptions, protocolSwitch } from "./connection.ts";
export type { DescriptorOptions } from "./descriptors/adopt-socket.ts";
export { descriptor } from "./descriptors/descriptor.ts";
export type { DescriptorChannel } from "./descriptors/descriptor-channel.ts";
export type { PeerCredentials } from "./descriptors/peer-credentials.ts";
export { attachFileDescriptors, attachStdio, type FileDescriptors } from "./file-descriptors.ts";
export { type ListenOptions, listen } from "./listen.ts";
export {
  InvalidProxyHeader,
  type ProxyHeader,
  type ProxyTLS,
  type ProxyTLV,
  type ReceivedProxyHeader,
} from "./proxy-protocol/header.ts";
export type { ProxyProtocolOptions } from "./proxy-protocol/options.ts";
export type { SentProxyHeader } from "./proxy-protocol/write.ts";
export type { ReconnectingClient } from "./reconnecting/client.ts";
export type {
  ConnectionOpener,
  ReconnectingBaseOptions,
  ReconnectingOptions,
  ReconnectingStateChange,
  ServerAddress,
  ServiceName,
  ServiceResolver,
  SetupContext,
} from "./reconnecting/options.ts";
export { reconnecting } from "./reconnecting/reconnecting.ts";
export { Server } from "./server.ts";
export type {
  NamedAuthorities,
  RevocationList,
  TLSOptions,
  TLSProvider,
  TLSRole,
  TLSVersion,
} from "./tls/options.ts";
