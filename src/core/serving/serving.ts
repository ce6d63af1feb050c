/** The serving half of a connection: finds the responder of an ask, runs it, and answers. */

import type { AskReceiver, Port } from "../calls/port.ts";
import type { ProtocolChange } from "../command/protocol-change.ts";
import { asCommandResponder, type CommandResponder, type Responder } from "../command/responder.ts";
import type { AnyCommand } from "../command/types.ts";
import { LimitExceeded } from "../errors/caller.ts";
import { RemoteAmpError } from "../errors/peer.ts";
import { toError } from "../errors/to-error.ts";
import { TLS_REQUIRED_ERROR_CODE, toWire, UNHANDLED_ERROR_CODE } from "../errors/wire-codes.ts";
import { watchesCalls } from "../observer.ts";
import type { Signal } from "../platform.ts";
import type { Values } from "../schema/field.ts";
import { beginElements, endElements, weightOf } from "../wire/elements.ts";
import type { Frame } from "../wire/frame.ts";
import { isGoAway } from "../wire/own-commands.ts";
import { checkResult, isThenable, responseOf, writeAnswer, writeError } from "./answers.ts";
import { CommandNames } from "./command-names.ts";
import { IncomingAsk } from "./incoming-ask.ts";
import { LimitedAsks } from "./limited-asks.ts";
import type { ResponderLocator } from "./locator.ts";
import { ReportLimiter } from "./report-limiter.ts";
import { ConnectionContext, ContextSignals } from "./responder-context.ts";
import type { SharedBudget } from "./shared-budget.ts";

/** Serves nothing. An empty `locator()` would load all that locators can do into the bundle of a page. */
const nothingServed: ResponderLocator = { locateResponder: () => undefined };

/** Reused for asks that are answered at once. Shared by all connections: it keeps the bytes of one frame alive. */
let reusableAsk: IncomingAsk | undefined;

/** Options of a connection that concern serving: see `ConnectionOptions`. */
interface ServingOptions {
  readonly locator?: ResponderLocator | undefined;
  readonly closeOnUndeclaredError?: boolean | undefined;
}

/** Creates the serving half of a connection. */
export function serving(port: Port, options: ServingOptions, budget: SharedBudget | undefined): AskReceiver {
  return new Serving(port, options, budget);
}

class Serving extends LimitedAsks implements AskReceiver {
  readonly #port: Port;
  readonly #options: ServingOptions;
  readonly #locator: ResponderLocator;
  /** Created by the first ask: idle connections have neither. */
  #names: CommandNames | undefined;
  #context: ConnectionContext | undefined;
  /** Created when a responder first looks at a signal, and when the connection ends. */
  #signals: ContextSignals | undefined;
  #reports: ReportLimiter | undefined;

  constructor(port: Port, options: ServingOptions, budget: SharedBudget | undefined) {
    super(port, budget);
    this.#port = port;
    this.#options = options;
    this.#locator = options.locator ?? nothingServed;
  }

  secured(): void {
    this.#context = undefined;
  }

  override ended(): void {
    super.ended();
    this.#reports?.end();
  }

  get signal(): Signal {
    return this.#contextSignals().signal;
  }

  get closing(): Signal {
    return this.#contextSignals().closing;
  }

  announceClosing(reason: Error): void {
    this.#contextSignals().announceClosing(reason);
  }

  abort(reason: Error): void {
    this.#contextSignals().abort(reason);
  }

  #contextSignals(): ContextSignals {
    this.#signals ??= new ContextSignals();
    return this.#signals;
  }

  receive(frame: Frame): void {
    if (this.isOverLimit === false || this.#isServedAtOnce(frame) || this.mayServeOverLimit)
      this.serve(frame);
    else this.queueOrRefuse(frame);
  }

  /** Own commands are answered at any time. A protocol change comes after all asks before it, so these are served first. */
  #isServedAtOnce(frame: Frame): boolean {
    const name = this.#nameOf(frame);
    let located: Responder | undefined;
    let responder: CommandResponder | undefined;
    try {
      located = this.#locator.locateResponder(name);
      responder = located === undefined ? this.#port.ownResponder(name) : asCommandResponder(located);
    } catch {
      return true; // it throws again when the ask is served, and is reported there
    }
    if (responder === undefined) return isGoAway(frame);
    const isChange = responder.command.change !== undefined;
    if (isChange) this.serveQueue();
    return isChange || located === undefined;
  }

  protected override serve(frame: Frame): void {
    const ask = reusableAsk ?? new IncomingAsk();
    reusableAsk = undefined; // a responder may synchronously cause another box to be received
    ask.begin(this.#nameOf(frame), frame);
    this.#serve(ask, frame);
    if (ask.kept === false) reusableAsk = ask;
  }

  #nameOf(frame: Frame): string {
    return frame.matched?.commandName ?? this.#nameIn(frame);
  }

  #nameIn(frame: Frame): string {
    const { bytes, command } = frame;
    this.#names ??= new CommandNames();
    return this.#names.nameAt(bytes, frame.valueStart(command), frame.valueEnd(command));
  }

  #newContext(): ConnectionContext {
    this.#context = new ConnectionContext(this.#port.connection, this);
    return this.#context;
  }

  #serve(ask: IncomingAsk, frame: Frame): void {
    const port = this.#port;
    const { observer } = port;
    let result: unknown;
    try {
      const responder = this.#locator.locateResponder(ask.name);
      if (responder === undefined) return this.#serveOwn(ask, frame);
      const command = asCommandResponder(responder)?.command;
      // A raw responder may serve every name, to forward the asks: GoAway concerns this connection alone.
      if (command === undefined && port.serveGoAway(frame)) return;
      const change = ask.wantsAnswer === true ? command?.change : undefined;
      // A protocol change is reported by its driver: a call that began here would have no end.
      if (change === undefined && watchesCalls(observer)) ask.watch(observer, port.connection);
      // First, so that plaintext does not reveal what is served.
      if (this.#refusesPlaintext(ask, command) === true) return;
      if (command !== undefined && change !== undefined)
        return this.#change(ask, command, change, responder, frame);
      result = this.#run(ask, responder, frame);
      // `then` of a proxy or a getter may differ the second time: it is looked up once, and wrapped in a promise.
      if (isThenable(result)) return this.#wait(ask, Promise.resolve(result));
    } catch (error) {
      return this.#fail(ask, error);
    }
    this.#answer(ask, result);
  }

  /**
   * Serves a command of the library's own, or answers that the command is unknown. `requireTLS` holds for own commands; limits
   * and observers do not, and `close()` does not wait for them: they are answered at any time.
   */
  #serveOwn(ask: IncomingAsk, frame: Frame): void {
    const port = this.#port;
    if (port.serveGoAway(frame)) return;
    const own = port.ownResponder(ask.name);
    if (own === undefined && watchesCalls(port.observer)) ask.watch(port.observer, port.connection);
    if (this.#refusesPlaintext(ask, own?.command)) return;
    if (own === undefined) return this.#unknown(ask);
    const { command } = own;
    if (command.change !== undefined && ask.wantsAnswer)
      return this.#change(ask, command, command.change, own, frame);
    const values = this.#read(ask, command, frame);
    ask.keep();
    Promise.resolve(own.respond(values, this.#context ?? this.#newContext())).then(
      (result) => this.#answer(ask, result),
      (error: unknown) => this.#fail(ask, error, true),
    );
  }

  /** Answers without an Error object unless it is observed: creating one for each box would let a peer block the process. */
  #unknown(ask: IncomingAsk): void {
    const port = this.#port;
    const text = `Unhandled Command: '${ask.name}'`;
    if (!ask.wantsAnswer || ask.watched !== undefined)
      return this.#fail(ask, new RemoteAmpError(UNHANDLED_ERROR_CODE, text), true);
    writeError(port.out, ask.tag, UNHANDLED_ERROR_CODE, text);
    port.written();
  }

  /** Refuses an ask that is not served in plaintext. Returns false, and does nothing, for another one. */
  #refusesPlaintext(ask: IncomingAsk, command: AnyCommand | undefined): boolean {
    if (this.#port.forbidsPlaintext(command) === false) return false;
    const text = "this is not served in plaintext: start TLS first";
    this.#fail(ask, new RemoteAmpError(TLS_REQUIRED_ERROR_CODE, text), true);
    return true;
  }

  #run(ask: IncomingAsk, responder: Responder, frame: Frame): unknown {
    const context = this.#context ?? this.#newContext();
    this.inProgress++; // counts while the responder runs synchronously, too: it may close the connection
    try {
      if (typeof responder !== "function") {
        const { command } = responder;
        const values = this.#read(ask, command, frame);
        return responder.respond(values, context);
      }
      ask.weight = weightOf(frame.cursor - frame.start, frame.count, 0);
      return responder(frame.toBox(), context);
    } finally {
      this.inProgress--;
    }
  }

  /** Decodes the arguments, with the limit on their elements. @throws InvalidSignature */
  #read(ask: IncomingAsk, command: AnyCommand, frame: Frame): Values {
    const port = this.#port;
    let values: Values;
    beginElements(port.limits.maxElements);
    try {
      values = command.readArguments(frame, port.connection);
    } finally {
      ask.weight = weightOf(frame.cursor - frame.start, frame.count, endElements());
    }
    ask.command = command;
    return values;
  }

  #wait(ask: IncomingAsk, result: Promise<unknown>): void {
    ask.keep();
    this.began(ask.weight);
    result.then(
      (value) => {
        this.finish(ask.weight);
        this.#answer(ask, value);
        this.#port.finished();
      },
      (error: unknown) => {
        this.finish(ask.weight);
        this.#fail(ask, error);
        this.#port.finished();
      },
    );
  }

  #answer(ask: IncomingAsk, result: unknown): void {
    const port = this.#port;
    if (port.alive === true) {
      try {
        if (ask.wantsAnswer === true) writeAnswer(port.out, ask, result, port.connection);
        else checkResult(ask, result, port.connection);
      } catch (error) {
        ask.command = undefined;
        return this.#fail(ask, error);
      }
      if (ask.wantsAnswer === true) port.answerWritten();
    }
    if (ask.watched !== undefined) port.observer?.callAnswered?.(ask.watched);
    if (ask.command?.responseType.isLast === true && ask.wantsAnswer) port.quit();
  }

  /** Gives an ask for a protocol change to the port, which runs it when nothing else is under way. */
  #change(
    ask: IncomingAsk,
    command: AnyCommand,
    change: ProtocolChange,
    responder: Responder,
    frame: Frame,
  ): void {
    const port = this.#port;
    ask.keep();
    const values = this.#read(ask, command, frame);
    port.changeAsked({
      command,
      change,
      run: async () => {
        const context = this.#context ?? this.#newContext();
        // The responder of a command with a change is a CommandResponder: a raw one has no command.
        return responseOf(ask.name, await (responder as CommandResponder).respond(values, context));
      },
      writeAnswer: (result, out) => writeAnswer(out, ask, result, port.connection),
      fail: (error) => this.#fail(ask, error),
    });
  }

  /** A peer can cause an error with every box that it sends. */
  #report(error: unknown, name: string): void {
    const port = this.#port;
    this.#reports ??= new ReportLimiter(port.clock, (count) =>
      port.report(new LimitExceeded(`${count} more errors of this connection were not reported`), undefined),
    );
    if (this.#reports.admit()) port.report(error, name);
  }

  /** @param isRefusal no responder of the program has run: an ask without `_ask` does not close the connection */
  #fail(ask: IncomingAsk, error: unknown, isRefusal = false): void {
    const port = this.#port;
    const { observer } = port;
    const wire = toWire(error, ask.command?.declaredErrors);
    // A refused protocol change is reported as a call that failed.
    if (ask.watched === undefined && watchesCalls(observer)) ask.watch(observer, port.connection);
    if (ask.watched !== undefined) observer?.callFailed?.(ask.watched, error);
    const isUnheard = wire.undeclared || !ask.wantsAnswer;
    // A responder that rejects with the reason of its signal has stopped because no peer waits any more.
    if (isUnheard && !(error && error === this.#signals?.lostReason))
      this.#report(wire.reported ?? error, ask.name);
    if (!port.alive) return;
    if (ask.wantsAnswer) {
      writeError(port.out, ask.tag, wire.code, wire.description, wire.data);
      port.written();
    }
    // As Twisted does: an error that the peer does not receive closes the connection, even if the command declares it.
    const isFatal = wire.fatal && !wire.undeclared;
    if (isFatal || (isUnheard && !isRefusal && this.#options.closeOnUndeclaredError !== false)) {
      port.fail(toError(error));
    }
  }
}
