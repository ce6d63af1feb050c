/** AMP, the Asynchronous Messaging Protocol: the part that runs everywhere. */

export { ampList } from "./core/arguments/amp-list.ts";
export { big } from "./core/arguments/big.ts";
export { bigBytes } from "./core/arguments/big-bytes.ts";
export { bigInteger } from "./core/arguments/big-integer.ts";
export { bigUnicode } from "./core/arguments/big-unicode.ts";
export { boolean } from "./core/arguments/boolean.ts";
export { bytes } from "./core/arguments/bytes.ts";
export { type Compression, type Compressor, compression } from "./core/arguments/compression.ts";
export { type DateTimeOptions, dateTime } from "./core/arguments/date-time.ts";
export { decimal } from "./core/arguments/decimal.ts";
export { float } from "./core/arguments/float.ts";
export { integer } from "./core/arguments/integer.ts";
export { json, type SchemaIssue, type SchemaResult, type StandardSchema } from "./core/arguments/json.ts";
export { listOf } from "./core/arguments/list-of.ts";
export { enumeration, literal } from "./core/arguments/literal.ts";
export { local } from "./core/arguments/local.ts";
export { type NullableArgument, nullable } from "./core/arguments/nullable.ts";
export { optional } from "./core/arguments/optional.ts";
export { path } from "./core/arguments/path.ts";
export { decimalText, exactDecimal } from "./core/arguments/python-decimal.ts";
export type { SplitLayout, SplitOptions } from "./core/arguments/split-value.ts";
export { unicode } from "./core/arguments/unicode.ts";
export { type ClientOf, type Contract, client } from "./core/calls/client.ts";
export { BoxDispatcher } from "./core/carriers/box-dispatcher.ts";
export {
  type MessageChannelLike,
  type MessageListener,
  MessageTransport,
  type MessageTransportOptions,
} from "./core/carriers/message-transport.ts";
export {
  type ArgumentsOf,
  Command,
  type CommandSpec,
  command,
  type Extended,
  type ResponseOf,
} from "./core/command/command.ts";
export { declaredError } from "./core/command/declared-error.ts";
export {
  type BoxKind,
  type ChangeSide,
  type ChangingConnection,
  type PerformChange,
  type ProtocolChange,
  plainBox,
  quitBox,
} from "./core/command/protocol-change.ts";
export {
  CommandResponder,
  type RawResponder,
  type Respond,
  type Responder,
} from "./core/command/responder.ts";
export type {
  AmpConnection,
  AnyCommand,
  Caller,
  CallOptions,
  CallParameters,
  CallResult,
  CloseOptions,
  CommandType,
  ConnectionState,
  ResponderContext,
  StartTLSOptions,
} from "./core/command/types.ts";
export { Connection } from "./core/complete-connection.ts";
export type { BoxReceiver, BoxSender } from "./core/connection/box-interfaces.ts";
export { DEFAULT_LIMITS, type LimitOptions, type Limits } from "./core/connection/limits.ts";
export type {
  ConnectionOptions,
  ErrorContext,
  HeartbeatOptions,
  TLSProvider,
} from "./core/connection/options.ts";
export type { PublicState as State } from "./core/connection/states.ts";
export { AmpError, type Fault } from "./core/errors/amp-error.ts";
export {
  CallTimeout,
  DescriptorsNotAvailable,
  InvalidSignature,
  LimitExceeded,
  TLSNotAvailable,
  TLSRequired,
  TooLong,
} from "./core/errors/caller.ts";
export type { ErrorClass, ErrorCodes, ErrorWithData } from "./core/errors/declared-errors.ts";
export { IncompatibleVersions } from "./core/errors/incompatible-versions.ts";
export {
  BoxTooLarge,
  KeyTooLong,
  MalformedAmpBox,
  NoEmptyBoxes,
  ProtocolError,
  RemoteAmpError,
  Unavailable,
  UnexpectedAnswer,
  UnhandledCommand,
  UnknownRemoteError,
} from "./core/errors/peer.ts";
export { ProtocolSwitched } from "./core/errors/protocol-switched.ts";
export { BadLocalReturn } from "./core/errors/responder.ts";
export { BoxTimeout, HeartbeatTimeout, IdleTimeout } from "./core/errors/timeouts.ts";
export {
  HandshakeError,
  HandshakeTimeout,
  InvalidCertificate,
  NotQuiescent,
  OnlyOneTLS,
  PeerRefusedCertificate,
  PeerVerifyError,
  PlaintextAfterStartTLS,
  StartTLSCollision,
  StartTLSRefused,
} from "./core/errors/tls.ts";
export {
  ConnectFailed,
  ConnectionClosed,
  ConnectionLost,
  ResponderLost,
} from "./core/errors/transport.ts";
export { UnsentTimeout } from "./core/errors/unsent-timeout.ts";
export {
  LOST_ERROR_CODE,
  PROTOCOL_ERRORS,
  TIMEOUT_ERROR_CODE,
  TLS_REQUIRED_ERROR_CODE,
  TOO_LONG_ERROR_CODE,
  UNAVAILABLE_ERROR_CODE,
  UNHANDLED_ERROR_CODE,
  UNKNOWN_ERROR_CODE,
} from "./core/errors/wire-codes.ts";
export { Health, type HealthCheck, health } from "./core/features/health.ts";
export { HEARTBEAT_COMMAND } from "./core/features/liveness.ts";
export {
  ProtocolSwitchCommand,
  type SwitchedProtocol,
  type SwitchFields,
  type SwitchSpec,
  switchBox,
} from "./core/features/protocol-change/protocol-switch.ts";
export { StartTLS, tlsBox } from "./core/features/protocol-change/start-tls.ts";
export type { CallEvent, ChangeEvent, Observer } from "./core/observer.ts";
export type { AbortSignalLike, Signal } from "./core/platform.ts";
export type {
  Argument,
  ArgumentDescription,
  Fields,
  InPlaceArgument,
  InputOf,
  LocalArgument,
  OptionalArgument,
  ValueOf,
  ValuesOf,
} from "./core/schema/argument.ts";
export type { BoxArgument, PropertiesArgument } from "./core/schema/field.ts";
export { propertiesArgument } from "./core/schema/properties-argument.ts";
export { boxArgument, type SideChannel } from "./core/schema/spread-fields.ts";
export { type Implementation, implement } from "./core/serving/implement.ts";
export { locator, type ResponderLocator, type ResponderSource } from "./core/serving/locator.ts";
export type {
  Address,
  CertificateLike,
  ChunkOwnership,
  Clock,
  NamedAuthorities,
  PrivateCertificateLike,
  RevocationList,
  SocketAddress,
  StartTLSTransport,
  TLSOptions,
  TLSSession,
  TLSVersion,
  Transport,
  TransportReceiver,
} from "./core/transport.ts";
export { Box } from "./core/wire/box.ts";
export { MAX_KEY_LENGTH, MAX_VALUE_LENGTH } from "./core/wire/box-limits.ts";
export { encodeBox } from "./core/wire/box-writer.ts";
export { ANSWER, ASK, COMMAND, ERROR, ERROR_CODE, ERROR_DESCRIPTION } from "./core/wire/protocol-keys.ts";
export { BoxReader, parseBoxes } from "./core/wire/reader.ts";
