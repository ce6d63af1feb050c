/** The relay of one connection: two legs, the bytes between them, and what passes told to whoever wants to know. */
import { performance } from "node:perf_hooks";
import type { Duplex } from "node:stream";
import type { Box } from "../../index.ts";
import { type Endpoint, otherEndpoint } from "./endpoint.ts";
import { type Commands, Pairing } from "./pairing.ts";
import { RelayDirection, type Then } from "./relay-direction.ts";
import type { Traffic } from "./traffic.ts";
import { describedTLS, type ProxyTLS, upgradeBothLegs } from "./upgrade-both.ts";

export interface RelayOptions {
  readonly commands?: Commands | undefined;
  readonly tls?: ProxyTLS | undefined;
  /** Hears of everything, in its order. */
  readonly tell: (traffic: Traffic) => void;
  /** Milliseconds, from any beginning. */
  readonly now?: (() => number) | undefined;
}

type Legs = Readonly<Record<Endpoint, Duplex>>;

/** The first two bytes of a ClientHello. */
const CLIENT_HELLO = [0x16, 0x03];

export class Relay {
  /** Resolves when both legs are closed. */
  readonly closed: Promise<void>;
  readonly #options: RelayOptions;
  readonly #pairing: Pairing;
  #legs: Legs;
  #lanes: Readonly<Record<Endpoint, RelayDirection>>;
  #secure = false;
  /** Set while TLS is being started. */
  #upgrade: Promise<void> | undefined;
  #reason: Error | undefined;

  /** The streams belong to the relay. Both allow being half open, and nobody has read from them. */
  constructor(client: Duplex, server: Duplex, options: RelayOptions) {
    this.#options = options;
    this.#pairing = new Pairing(options.commands ?? new Map(), options.now ?? (() => performance.now()));
    this.#legs = { client, server };
    this.#lanes = this.#open();
    this.closed = this.#untilClosed();
  }

  /** Closes both legs. */
  destroy(reason?: Error): void {
    this.#reason ??= reason;
    for (const leg of Object.values(this.#legs)) leg.destroy();
  }

  /** The stream under a TLS socket may close while the socket still gives out what it has read. */
  async #untilClosed(): Promise<void> {
    let legs: Legs;
    do {
      legs = this.#legs;
      await Promise.all([closeOf(legs.client), closeOf(legs.server)]);
      await this.#upgrade;
    } while (legs !== this.#legs);
    this.#options.tell({ kind: "closed", reason: this.#reason });
  }

  #open(): Readonly<Record<Endpoint, RelayDirection>> {
    const lanes = { client: this.#lane("client"), server: this.#lane("server") };
    for (const end of ["client", "server"] as const) this.#watch(end);
    for (const lane of Object.values(lanes)) lane.start();
    return lanes;
  }

  #lane(from: Endpoint): RelayDirection {
    const secure = this.#secure;
    return new RelayDirection(this.#legs[from], this.#legs[otherEndpoint(from)], {
      holds: () => this.#pairing.awaitsChange(otherEndpoint(from)),
      box: (box) => this.#box(from, box),
      notAmp: (rest) => this.#notAmp(from, rest),
      raw: (bytes) => this.#options.tell({ kind: "raw", from, secure, bytes }),
      ended: () => this.#options.tell({ kind: "ended", from }),
    });
  }

  /** A leg that goes takes the other one along, when that has been given all that was for it. */
  #watch(end: Endpoint): void {
    const leg = this.#legs[end];
    const other = this.#legs[otherEndpoint(end)];
    leg.on("error", (error) => {
      this.#reason ??= error;
    });
    leg.on("close", () => {
      if (this.#upgrade !== undefined || this.#legs[end] !== leg || other.destroyed) return;
      if (leg.readableEnded && leg.writableFinished) return;
      other.end(() => other.destroy());
      other.resume();
    });
  }

  #box(from: Endpoint, box: Box): Then {
    const meaning = this.#pairing.passed(from, box);
    this.#options.tell({ kind: "box", from, secure: this.#secure, box, meaning });
    if (meaning.kind !== "answer" || meaning.change === undefined) return "read";
    if (meaning.change === "switching") {
      this.#lanes[otherEndpoint(from)].pass();
      return "pass";
    }
    if (this.#secure) return "read"; // TLS in TLS: the ends will say what they think of it
    this.#startTLS(from === "client");
    return "stop";
  }

  /**
   * A StartTLS may have any name: a client that has got answers and then begins to speak TLS has been through one
   * that no schema has told us of.
   */
  #notAmp(from: Endpoint, rest: Uint8Array): Then {
    const hello = CLIENT_HELLO.every((byte, index) => rest[index] === byte || index >= rest.length);
    if (!hello || from !== "client" || this.#secure || !this.#pairing.answered) return "pass";
    this.#startTLS(true);
    return "stop";
  }

  /** Both lanes stop here and now: not one byte more is taken for AMP. */
  #startTLS(asked: boolean): void {
    const [client, server] = (["client", "server"] as const).map((end) => ({
      stream: this.#legs[end],
      leftovers: this.#lanes[end].stop(),
    }));
    if (client === undefined || server === undefined) return; // there are two
    this.#upgrade = upgradeBothLegs(client, server, asked, this.#options.tls ?? {}).then(
      (legs) => {
        this.#upgrade = undefined;
        this.#secure = true;
        this.#legs = legs;
        this.#options.tell({
          kind: "secured",
          client: describedTLS(legs.client),
          server: describedTLS(legs.server),
        });
        this.#lanes = this.#open();
      },
      (error: unknown) => this.destroy(error instanceof Error ? error : new Error(String(error))),
    );
  }
}

function closeOf(stream: Duplex): Promise<void> {
  return new Promise((resolve) => {
    if (stream.closed) resolve();
    else stream.once("close", () => resolve());
  });
}
