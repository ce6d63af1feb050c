/** The lists of option names, which are checked when a program runs, agree with the types of the options. */
import type { BoxDispatcher, CallOptions, ConnectionOptions, StartTLSOptions } from "ampwire";
import type {
  AttachChildOptions,
  AttachOptions,
  ConnectionOpener,
  ConnectOptions,
  ListenOptions,
  ReconnectingBaseOptions as NodeReconnectingOptions,
  ReconnectingOptions,
  TLSOptions,
} from "ampwire/node";
import type { CALL_OPTIONS } from "../../src/core/calls/typed-calls.ts";
import type { DISPATCHER_OPTIONS } from "../../src/core/carriers/box-dispatcher.ts";
import type {
  START_TLS_OPTIONS,
  TLS_OPTIONS,
} from "../../src/core/features/protocol-change/tls-option-names.ts";
import type { CONNECTION_OPTIONS } from "../../src/core/option-names.ts";
import type { BACKOFF_OPTIONS, BackoffOptions } from "../../src/core/reconnecting/backoff.ts";
import type {
  QUEUE_OPTIONS,
  QueueLimits,
  RECONNECTING_OPTIONS,
  Reconnectable,
  ReconnectingBaseOptions,
} from "../../src/core/reconnecting/options.ts";
import type {
  ATTACH_CHILD_OPTIONS,
  ATTACH_OPTIONS,
  CONNECT_OPTIONS,
  LISTEN_OPTIONS,
  OPENER_OPTIONS,
  RECONNECTING_ADDRESS_OPTIONS,
} from "../../src/node/option-names.ts";
import type {
  OPEN_OPTIONS,
  OpenOptions,
  SOCKET_OPTIONS,
  SocketOptions,
} from "../../src/websocket/options.ts";
import type { Equal, Expect } from "./expect.ts";

type Names<List extends readonly string[]> = List[number];
type DispatcherOptions = NonNullable<ConstructorParameters<typeof BoxDispatcher>[2]>;

/** The keys of all members of a union. */
type KeysOf<T> = T extends unknown ? keyof T : never;

export type Cases = [
  Expect<Equal<Names<typeof CONNECTION_OPTIONS>, keyof ConnectionOptions>>,
  Expect<Equal<Names<typeof DISPATCHER_OPTIONS>, keyof DispatcherOptions>>,
  Expect<Equal<Names<typeof CALL_OPTIONS>, keyof CallOptions>>,
  Expect<Equal<Names<typeof TLS_OPTIONS>, keyof TLSOptions>>,
  Expect<Equal<Names<typeof START_TLS_OPTIONS>, keyof StartTLSOptions | keyof TLSOptions>>,
  Expect<Equal<Names<typeof BACKOFF_OPTIONS>, keyof BackoffOptions>>,
  Expect<Equal<Names<typeof QUEUE_OPTIONS>, keyof QueueLimits>>,
  Expect<Equal<Names<typeof SOCKET_OPTIONS>, keyof SocketOptions>>,
  Expect<Equal<Names<typeof OPEN_OPTIONS>, keyof OpenOptions>>,
  Expect<Equal<Names<typeof ATTACH_OPTIONS>, keyof AttachOptions>>,
  Expect<Equal<Names<typeof ATTACH_CHILD_OPTIONS>, keyof AttachChildOptions>>,
  Expect<Equal<Names<typeof CONNECT_OPTIONS>, KeysOf<ConnectOptions>>>,
  Expect<Equal<Names<typeof LISTEN_OPTIONS>, keyof ListenOptions>>,
  Expect<Equal<Names<typeof OPENER_OPTIONS>, keyof NodeReconnectingOptions | keyof ConnectionOpener>>,
  Expect<Equal<Names<typeof RECONNECTING_ADDRESS_OPTIONS>, KeysOf<ReconnectingOptions>>>,
  Expect<Equal<Names<typeof RECONNECTING_OPTIONS>, keyof ReconnectingBaseOptions<Reconnectable>>>,
];
