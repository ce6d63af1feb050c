/** What a door may add to a connection's kernel. */

import type { ChangeAsk } from "../calls/port.ts";
import type { ProtocolChange } from "../command/protocol-change.ts";
import type { AnyCommand, CallOptions, StartTLSOptions } from "../command/types.ts";
import type { Values } from "../schema/field.ts";
import type { Frame } from "../wire/frame.ts";
import type { Kernel } from "./kernel.ts";
import type { ConnectionOptions } from "./options.ts";

/** Makes protocol changes. At most one feature of a connection does. */
export interface ProtocolChanges {
  /** Whether received bytes are boxes at this point of a change. */
  readonly reads: boolean;
  /** Whether what is held now goes out inside TLS or not at all. */
  readonly certain: boolean;
  ask(command: AnyCommand, change: ProtocolChange, values: Values, options?: CallOptions): Promise<unknown>;
  answer(ask: ChangeAsk, change: ProtocolChange): void;
  afterwards(action: () => void): void;
  startTLS(options: StartTLSOptions): Promise<void>;
}

/** Every hook is optional. A hook that is absent costs nothing. */
export interface Feature {
  readonly changes?: ProtocolChanges;
  /** The transport is about to deliver. What this throws, whoever opens the connection is thrown. */
  started?(): void;
  /** Bytes came, before boxes are read from them. */
  heard?(): void;
  /** Takes every box in place of the dispatcher. At most one feature of a connection does. */
  takeBox?(frame: Frame): void;
  /** A read is over. `everything`: nothing is left but, perhaps, the beginning of a box. */
  readEnded?(everything: boolean): void;
  /** AMP is over on this connection: give timers back. */
  stopped?(reason: Error): void;
}

/** Undefined where the options do not ask for the feature: then it costs nothing. */
export type FeatureKind = (kernel: Kernel, options: ConnectionOptions) => Feature | undefined;
