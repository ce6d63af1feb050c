/** Relays one connection between a client and a server, and reports its traffic. */
import { performance } from "node:perf_hooks";
import type { Duplex } from "node:stream";
import { type Endpoint, otherEndpoint } from "../traffic/endpoint.ts";
import { type Commands, Pairing } from "../traffic/pairing.ts";
import type { ReadBox } from "../traffic/read-box.ts";
import type { Traffic } from "../traffic/traffic.ts";
import { RelayDirection, type Then } from "./relay-direction.ts";
import { describedTLS, type ProxyTLS, upgradeBoth } from "./upgrade-both.ts";

export interface RelayOptions {
  readonly commands?: Commands | undefined;
  readonly tls?: ProxyTLS | undefined;
  /** Called for each event in order. */
  readonly onTraffic: (traffic: Traffic) => void;
  /** Called once, when an unanswered ask is dropped because there are too many. */
  readonly onFirstDrop?: (() => void) | undefined;
  /** Returns milliseconds from any origin (default `performance.now`). */
  readonly now?: (() => number) | undefined;
}

/** The streams to the client (downstream) and to the server (upstream). */
type Streams = Readonly<Record<Endpoint, Duplex>>;

/** The first two bytes of a ClientHello. */
const CLIENT_HELLO = [0x16, 0x03];

export class Relay {
  /** Resolves when both streams are closed. */
  readonly closed: Promise<void>;
  readonly #options: RelayOptions;
  readonly #pairing: Pairing;
  #streams: Streams;
  #directions: Readonly<Record<Endpoint, RelayDirection>>;
  #secure = false;
  /** Set during the upgrade to TLS. */
  #upgrade: Promise<void> | undefined;
  #reason: Error | undefined;

  /** @param client,server unread streams that allow half-open connections; the relay owns and closes them */
  constructor(client: Duplex, server: Duplex, options: RelayOptions) {
    this.#options = options;
    this.#pairing = new Pairing(
      options.commands ?? new Map(),
      options.now ?? (() => performance.now()),
      options.onFirstDrop,
    );
    this.#streams = { client, server };
    this.#directions = this.#open();
    this.closed = this.#untilClosed();
  }

  /** Closes both streams. */
  destroy(reason?: Error): void {
    this.#reason ??= reason;
    for (const stream of Object.values(this.#streams)) stream.destroy();
  }

  /** Waits for the current streams. The stream under a TLS socket may close while the socket still delivers data. */
  async #untilClosed(): Promise<void> {
    let streams: Streams;
    do {
      streams = this.#streams;
      await Promise.all([closeOf(streams.client), closeOf(streams.server)]);
      await this.#upgrade;
    } while (streams !== this.#streams);
    this.#options.onTraffic({ kind: "closed", reason: this.#reason });
  }

  #open(): Readonly<Record<Endpoint, RelayDirection>> {
    const directions = { client: this.#direction("client"), server: this.#direction("server") };
    for (const end of ["client", "server"] as const) this.#watch(end);
    for (const direction of Object.values(directions)) direction.start();
    return directions;
  }

  #direction(from: Endpoint): RelayDirection {
    const secure = this.#secure;
    return new RelayDirection(this.#streams[from], this.#streams[otherEndpoint(from)], {
      mustHold: () => this.#pairing.awaitsChange(otherEndpoint(from)),
      box: (read) => this.#box(from, read),
      notAmp: (rest) => this.#notAmp(from, rest),
      raw: (bytes) => this.#options.onTraffic({ kind: "raw", from, secure, bytes }),
      ended: () => this.#options.onTraffic({ kind: "ended", from }),
    });
  }

  /** Closes the other stream after this one, once the bytes for it are written. */
  #watch(end: Endpoint): void {
    const stream = this.#streams[end];
    const other = this.#streams[otherEndpoint(end)];
    stream.on("error", (error) => {
      this.#reason ??= error;
    });
    stream.on("close", () => {
      if (this.#upgrade !== undefined || this.#streams[end] !== stream || other.destroyed) return;
      if (stream.readableEnded && stream.writableFinished) return;
      other.end(() => other.destroy());
      other.resume();
    });
  }

  #box(from: Endpoint, { box, repeated }: ReadBox): Then {
    const meaning = this.#pairing.interpret(from, box);
    this.#options.onTraffic({ kind: "box", from, secure: this.#secure, box, meaning, repeated });
    if (meaning.kind !== "answer" || meaning.change === undefined) return "read";
    if (meaning.change === "switching") {
      this.#directions[otherEndpoint(from)].pass();
      return "pass";
    }
    if (this.#secure) return "read"; // TLS inside TLS is forwarded; the endpoints decide
    this.#startTLS(from === "client");
    return "stop";
  }

  /**
   * Detects a StartTLS under another name that the schema lacks: a client that has received answers sends a
   * ClientHello.
   */
  #notAmp(from: Endpoint, rest: Uint8Array): Then {
    const hello = CLIENT_HELLO.every((byte, index) => rest[index] === byte || index >= rest.length);
    if (!hello || from !== "client" || this.#secure || !this.#pairing.answered) return "pass";
    this.#startTLS(true);
    return "stop";
  }

  /** Stops both directions at once, so that no further byte is parsed as AMP, and upgrades both streams. */
  #startTLS(clientAnswered: boolean): void {
    const [client, server] = (["client", "server"] as const).map((end) => ({
      stream: this.#streams[end],
      leftovers: this.#directions[end].stop(),
    }));
    if (client === undefined || server === undefined) return; // never: the map above returns two
    this.#upgrade = upgradeBoth(client, server, clientAnswered, this.#options.tls ?? {}).then(
      (streams) => {
        this.#upgrade = undefined;
        this.#secure = true;
        this.#streams = streams;
        this.#options.onTraffic({
          kind: "secured",
          client: describedTLS(streams.client),
          server: describedTLS(streams.server),
        });
        this.#directions = this.#open();
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
