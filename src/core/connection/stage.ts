/** What the choreography of a change needs of its connection, and tells those who watch. */
import type { ChangeSide, ChangingConnection, ProtocolChange } from "../command/box-kind.ts";
import type { Dispatcher } from "../dispatch/dispatcher.ts";
import type { ChangeEvent } from "../observer.ts";
import type { Clock, Transport } from "../transport.ts";
import type { Input } from "./input.ts";
import type { Output } from "./output.ts";
import type { State, Transition } from "./states.ts";

/** Hears of every change: one object from its beginning to its end. */
export interface ChangeWatch {
  started(kind: ProtocolChange["state"], side: ChangeSide): ChangeEvent;
  done(event: ChangeEvent): void;
  failed(event: ChangeEvent, error: unknown): void;
}

/** What the choreography moves. */
export interface Stage {
  readonly connection: ChangingConnection;
  readonly transport: Transport;
  readonly input: Input;
  readonly output: Output;
  readonly dispatcher: Dispatcher;
  readonly clock: Clock;
  /** Milliseconds. */
  readonly handshakeTimeout: number;
  readonly state: State;
  /** Tells of a change to whoever watches. */
  readonly watch: ChangeWatch | undefined;
  move(transition: Transition): void;
  /** Ends the connection: what is held is never sent. */
  fail(reason: Error): void;
}
