/** Where a connection stands: its state and what that allows, its encryption, and why it ends. */
import type { AmpConnection } from "../command/amp-connection.ts";
import { ConnectionContext, Lifetime } from "../dispatch/context.ts";
import { ProtocolSwitched } from "../errors/caller.ts";
import { ConnectionClosed } from "../errors/transport.ts";
import type { TLSSession } from "../transport.ts";
import { mayFail, next, RULES, type Rules, type State, type Transition } from "./states.ts";

export class Standing {
  readonly #connection: AmpConnection;
  readonly #lifetime = new Lifetime();
  #state: State = "open";
  #rules: Rules = RULES.open;
  #tls: TLSSession | undefined;
  #context: ConnectionContext;
  #reason: Error | undefined;

  /** @param tls set where the transport is inside TLS from its first byte on */
  constructor(connection: AmpConnection, tls: TLSSession | undefined) {
    this.#connection = connection;
    this.#tls = tls;
    this.#context = new ConnectionContext(connection, this.#lifetime);
  }

  get state(): State {
    return this.#state;
  }

  get rules(): Rules {
    return this.#rules;
  }

  get tls(): TLSSession | undefined {
    return this.#tls;
  }

  get secure(): boolean {
    return this.#tls !== undefined;
  }

  /** What responders are told. */
  get context(): ConnectionContext {
    return this.#context;
  }

  /** Why the connection ends; undefined while it does not. */
  get reason(): Error | undefined {
    return this.#reason;
  }

  /** Whether there is anything left to end. */
  get mayFail(): boolean {
    return mayFail(this.#state);
  }

  /** @throws Error for a transition that the table does not have: a mistake of ours */
  move(transition: Transition): void {
    this.#state = next(this.#state, transition);
    this.#rules = RULES[this.#state];
  }

  /** Of all that the state allows, to read is over: until the next transition. */
  stopReading(): void {
    this.#rules = { ...this.#rules, reads: false };
  }

  /** The bytes are inside TLS from now on. */
  secured(session: TLSSession): void {
    this.#tls = session;
    // What was learnt in plaintext may be an attacker's.
    this.#context = new ConnectionContext(this.#connection, this.#lifetime);
  }

  /** Notes why the connection ends. The first reason counts. */
  ends(reason: Error): void {
    this.#reason ??= reason;
  }

  /** AMP is over: the signal that responders were given aborts. */
  over(reason: Error): void {
    this.#lifetime.end(reason);
  }

  /** What a call hears that comes too late. */
  whyClosed(): Error {
    if (this.#state === "switched") return new ProtocolSwitched("the connection speaks another protocol now");
    return this.#reason ?? new ConnectionClosed("the connection is closed");
  }
}
