/** Makes the parts of a connection and joins them. */
import type { AmpConnection } from "../command/amp-connection.ts";
import { Dispatcher } from "../dispatch/dispatcher.ts";
import type { ResponderLocator } from "../dispatch/locator.ts";
import type { Clock, Transport } from "../transport.ts";
import type { Limits } from "../wire/limits.ts";
import { BoxDeadline } from "./box-deadline.ts";
import { ChangeDriver } from "./change-driver.ts";
import { checkConnectionOptions } from "./check-options.ts";
import { ConnectionHost } from "./connection-host.ts";
import { ConnectionLiveness } from "./connection-liveness.ts";
import { ConnectionSender } from "./connection-sender.ts";
import { ConnectionStage } from "./connection-stage.ts";
import { Ending } from "./ending.ts";
import { Input } from "./input.ts";
import { Liveness } from "./liveness.ts";
import type { ConnectionOptions } from "./options.ts";
import { Output } from "./output.ts";
import type { Parts } from "./parts.ts";
import { Reading } from "./reading.ts";
import { Standing } from "./standing.ts";

/** Not an empty `locator()`: a page that serves nothing would load all that locators can do. */
const nobody: ResponderLocator = { locateResponder: () => undefined };

export class Assembly implements Parts {
  readonly connection: AmpConnection;
  readonly options: ConnectionOptions;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly transport: Transport;
  readonly standing: Standing;
  readonly ending: Ending;
  readonly output: Output;
  readonly dispatcher: Dispatcher;
  readonly input: Input;
  readonly driver: ChangeDriver;
  readonly deadline: BoxDeadline | undefined;
  readonly liveness: Liveness | undefined;
  readonly #reading: Reading;

  /** @throws TypeError, RangeError for options that make no sense */
  constructor(connection: AmpConnection, transport: Transport, clock: Clock, options: ConnectionOptions) {
    this.connection = connection;
    this.options = options;
    this.limits = checkConnectionOptions(options);
    this.clock = clock;
    this.transport = transport;
    this.standing = new Standing(connection, transport.tls);
    this.ending = new Ending(this);
    this.output = new Output(transport);
    this.dispatcher = new Dispatcher(new ConnectionHost(this, this.ending), options.locator ?? nobody, clock);
    this.#reading = new Reading(this, this.ending);
    this.input = new Input(transport, this.limits, this.#reading);
    this.driver = new ChangeDriver(new ConnectionStage(this, this.ending));
    this.deadline = Number.isFinite(this.limits.boxTimeout)
      ? new BoxDeadline(this, this.ending, this.#reading)
      : undefined;
    this.liveness = this.#watch();
  }

  /** From here on bytes come and go. @throws what receiver and observer do: the transport is then destroyed */
  start(): void {
    const { connection, ending, options, transport } = this;
    const { observer, receiver } = options;
    try {
      if (receiver !== undefined) {
        receiver.startReceivingBoxes(new ConnectionSender(this, ending));
        void ending.closed.then((reason) => receiver.stopReceivingBoxes(reason));
      }
      observer?.connectionOpened(connection);
    } catch (error) {
      transport.destroy(); // nobody is given the connection that could end it
      throw error;
    }
    transport.start(this.#reading);
  }

  #watch(): Liveness | undefined {
    const { heartbeat } = this.options;
    const { idleTimeout } = this.limits;
    if (heartbeat === undefined && !Number.isFinite(idleTimeout)) return undefined;
    const gate = new ConnectionLiveness(this, this.ending, this.#reading);
    return new Liveness(this.clock, idleTimeout, heartbeat, gate);
  }
}
