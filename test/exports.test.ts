/** Exports of every entry point. A change of a name is made here and in CHANGELOG.md too. */
import { describe, expect, test } from "vitest";
import { exportsOf } from "./support/sources.ts";

const ENTRY_POINTS = {
  "index.ts": {
    values: `
    ANSWER ASK AmpError BadLocalReturn Box BoxDispatcher BoxReader BoxTimeout BoxTooLarge COMMAND CallTimeout Command
    CommandResponder ConnectFailed Connection ConnectionClosed ConnectionLost DEFAULT_LIMITS
    DescriptorsNotAvailable ERROR ERROR_CODE ERROR_DESCRIPTION HEARTBEAT_COMMAND HandshakeError
    HandshakeTimeout Health HeartbeatTimeout IdleTimeout IncompatibleVersions InvalidCertificate InvalidSignature
    KeyTooLong LOST_ERROR_CODE LimitExceeded MessageTransport MAX_KEY_LENGTH MAX_VALUE_LENGTH MalformedAmpBox NoEmptyBoxes NotQuiescent
    OnlyOneTLS PROTOCOL_ERRORS PeerRefusedCertificate PeerVerifyError PlaintextAfterStartTLS ProtocolError
    ProtocolSwitchCommand ProtocolSwitched RemoteAmpError ResponderLost StartTLS StartTLSCollision StartTLSRefused
    TIMEOUT_ERROR_CODE TLSNotAvailable TLSRequired TLS_REQUIRED_ERROR_CODE TOO_LONG_ERROR_CODE TooLong UNHANDLED_ERROR_CODE UNKNOWN_ERROR_CODE
    UNAVAILABLE_ERROR_CODE Unavailable UnexpectedAnswer UnhandledCommand UnknownRemoteError UnsentTimeout ampList big bigBytes bigInteger bigUnicode boolean boxArgument
    bytes client command compression dateTime decimal decimalText declaredError encodeBox enumeration exactDecimal float health implement integer json listOf literal local locator
    nullable optional parseBoxes path plainBox propertiesArgument quitBox switchBox tlsBox unicode`,
    types: `
    AbortSignalLike Address AmpConnection AnyCommand Argument ArgumentDescription ArgumentsOf BoxArgument BoxKind
    BoxReceiver BoxSender CallEvent Caller CallOptions CallParameters CallResult CertificateLike ChangeEvent
    ChangeSide ChangingConnection ChunkOwnership ClientOf Clock CloseOptions CommandSpec CommandType Compression Compressor ConnectionOptions ConnectionState Contract DateTimeOptions ErrorWithData Implementation NullableArgument PropertiesArgument SchemaIssue SchemaResult StandardSchema HealthCheck ErrorClass ErrorContext ErrorCodes
    Extended Fault Fields LimitOptions HeartbeatOptions InPlaceArgument InputOf Limits LocalArgument
    MessageChannelLike MessageListener MessageTransportOptions NamedAuthorities Observer
    OptionalArgument PerformChange PrivateCertificateLike ProtocolChange RawResponder RevocationList Respond Responder
    ResponderContext ResponderLocator ResponderSource ResponseOf SideChannel SocketAddress Signal SplitLayout
    SplitOptions StartTLSOptions StartTLSTransport State SwitchFields SwitchSpec SwitchedProtocol
    TLSOptions TLSProvider TLSSession TLSVersion Transport TransportReceiver ValueOf ValuesOf`,
  },
  "node/index.ts": {
    values: `
    Certificate InvalidProxyHeader NodeConnection PrivateCertificate Server attach attachChild attachFileDescriptors
    attachStdio compressed connect descriptor listen protocolSwitch reconnecting zlib`,
    types: `
    AttachChildOptions AttachOptions Attachable CompressedOptions ZlibOptions AuthorityOptions BackoffOptions CertificateOptions CertificateUsage NamedAuthorities RevocationList RevocationListOptions TLSProvider
    ConnectOptions DescriptorChannel DescriptorOptions FileDescriptors KeyOptions ListenOptions
    NodeConnectionOptions ConnectionOpener PEM ReconnectingBaseOptions ReconnectingStateChange ReconnectingClient ReconnectingOptions ReconnectingState TLSOptions TLSRole
    TLSVersion PeerCredentials ProxyHeader ProxyProtocolOptions ProxyTLS ProxyTLV QueueLimits ReceivedProxyHeader
    SentProxyHeader ServerAddress ServerLimits ServiceName ServiceResolver SetupContext`,
  },
  "websocket/index.ts": {
    values: `
    SUBPROTOCOL attach chooseProtocol connect reconnecting serverOptions`,
    types: `
    AddressOptions AttachWebSocketOptions BackoffOptions ConnectWebSocketOptions ConnectionOpener ReconnectingBaseOptions
    ReconnectingStateChange ReconnectingClient ReconnectingOptions ReconnectingState QueueLimits ServerLimits ServerURLs SetupContext
    UpgradeRequest WebSocketConstructor WebSocketEvent WebSocketLike
    WebSocketOptions WebSocketServerOptions WebSocketURL`,
  },
  "websocket/client/index.ts": {
    values: `
    connect heartbeat reconnecting`,
    types: `
    BackoffOptions CallingOptions ConnectionOpener Heartbeat HeartbeatOptions QueueLimits ReconnectingBaseOptions
    ReconnectingClient ReconnectingOptions ReconnectingState ReconnectingStateChange ServerURLs SetupContext WebSocketConstructor
    WebSocketEvent WebSocketLike WebSocketURL`,
  },
  "nats/index.ts": {
    values: `
    NoResponders caller clientAt edge natsPeer serve subscribe topic`,
    types: `
    CallerOptions ClientAtOptions ClientToIdentify EdgeConnection EdgeOptions Identify NatsCallOptions NatsCaller
    NatsConnectionLike NatsEdge NatsHeaders NatsMessage NatsOptions NatsPeer NatsPublishOptions NatsStatus
    NatsSubscription NatsWorker QueueLimits ServeOptions SubscribeOptions TopicOptions TopicSubscription`,
  },
  "testing/index.ts": {
    values: `
    MemoryNats MemoryNatsConnection memoryNats ScriptMismatch ScriptedPeer byteByByte allSplits connectedPair manualClock memoryTransports
    fakeCertificate flushPending randomChunking scriptedPeer`,
    types: `
    Chunking ManualClock MemoryMessage MemoryNatsConnectionOptions MemoryNatsOptions MemoryTransport MemoryTransportOptions NatsFault PairOptions ScriptPart`,
  },
};

describe.each(Object.entries(ENTRY_POINTS))("%s", (path, { values, types }) => {
  const found = exportsOf(path);

  test("the entry point exports these values", () => {
    expect(found.filter((name) => !name.startsWith("type ")).sort()).toEqual(words(values));
  });

  test("the entry point exports these types", () => {
    const names = found.filter((name) => name.startsWith("type ")).map((name) => name.slice("type ".length));
    expect(names.sort()).toEqual(words(types));
  });

  test("the entry point exports each name once, and contains only re-exports", () => {
    expect(new Set(found).size).toBe(found.length);
    for (const name of found) expect(name).toMatch(/^(type )?\w+$/);
  });
});

function words(text: string): string[] {
  return text.trim().split(/\s+/).sort();
}
