/**
 * Program of an application that uses every entry point. Every supported version of TypeScript compiles it against the
 * packed package. Nothing here runs.
 */
import {
  type AmpConnection,
  AmpError,
  type ArgumentsOf,
  ampList,
  Box,
  bigBytes,
  bigInteger,
  type CallOptions,
  CallTimeout,
  type Connection,
  type ConnectionOptions,
  command,
  dateTime,
  decimal,
  exactDecimal,
  type Fault,
  float,
  integer,
  listOf,
  locator,
  optional,
  type ResponderContext,
  type ResponderLocator,
  type ResponseOf,
  StartTLS,
  UnknownRemoteError,
  unicode,
} from "ampwire";
import {
  attach,
  Certificate,
  connect,
  type ListenOptions,
  listen,
  type NodeConnection,
  PrivateCertificate,
  protocolSwitch,
  type ReconnectingClient,
  reconnecting,
  type Server,
} from "ampwire/node";
import { allSplits, connectedPair, manualClock, scriptedPeer } from "ampwire/testing";
import {
  attach as attachWebSocket,
  chooseProtocol,
  connect as connectWebSocket,
  type WebSocketLike,
} from "ampwire/websocket";

// Commands, with an extension and declared errors.

export class OutOfStock extends Error {
  override readonly name = "OutOfStock";
}
export class Closed extends Error {}

const Item = { id: integer(), note: optional(unicode()), tags: listOf(unicode()) };

export const Order = command("Order", {
  arguments: {
    customer: unicode(),
    items: ampList(Item),
    gift: optional(unicode()),
    limit: optional(integer()),
  },
  response: { number: bigInteger(), price: decimal(), due: optional(dateTime()) },
  errors: { OUT_OF_STOCK: OutOfStock },
  fatalErrors: { CLOSED: Closed },
  idempotent: true,
});
export const Express = Order.extend("Express", { arguments: { hours: float() }, requireTLS: true });
export const Notice = command("Notice", { arguments: { text: unicode() }, requiresAnswer: false });
export const Photo = command("Photo", { response: { data: bigBytes({ maxBytes: 1_000_000 }) } });
export const Login = StartTLS.extend("Login", { arguments: { token: unicode() } });
export const Raw = protocolSwitch("Raw", { arguments: { version: integer() } });

// Responders: functions, decorated methods, a locator of the application.

type Ordered = ResponseOf<typeof Order>;

export class Shop {
  readonly #orders: ArgumentsOf<typeof Order>[] = [];

  @Order.responder
  async order(order: ArgumentsOf<typeof Order>, { connection, signal, state }: ResponderContext) {
    const first = order.items[0];
    if (first === undefined) throw new OutOfStock("nothing was ordered");
    const text: string = first.note ?? first.tags.join(", ");
    if (signal.aborted) throw new Closed("too late");
    state.orders = this.#orders.push(order);
    const nothing: undefined = connection.callRemote(Notice, { text });
    void nothing;
    return { number: 1n, price: exactDecimal("9.90"), due: undefined };
  }

  @Photo.responder
  photo() {
    return { data: new Uint8Array(3) };
  }

  amp_PING(box: Box): Box {
    return new Box({ echoed: box.text("text") ?? "" });
  }
}

const unknownNames: ResponderLocator = {
  locateResponder: (name) => (name.startsWith("x-") ? async (box) => box : undefined),
};

export const responders = locator(
  new Shop(),
  Notice.responder(({ text }) => void text.length),
  Express.responder(({ hours, items }) => ({
    number: BigInt(items.length),
    price: exactDecimal(`${hours}`),
  })),
  Raw.responder(({ version }) => ({
    protocol: (stream) => void stream.write(`version ${version}`),
  })),
  unknownNames,
);

// Calls.

export async function order(connection: AmpConnection, gift?: string): Promise<Ordered> {
  const options: CallOptions = { timeout: 1_000, signal: AbortSignal.timeout(2_000) };
  const items = [{ id: 1, tags: ["red"] }];
  // An optional argument may be omitted or undefined.
  await connection.callRemote(Order, { customer: "Ann", items });
  const { number, due } = await connection.callRemote(Order, { customer: "Ann", items, gift }, options);
  const price: string = (
    await connection.callRemote(Express, { customer: "Ann", items, hours: 1.5 })
  ).price.toFixed(2);
  const year: number | undefined = due?.year;
  const { data } = await connection.callRemote(Photo);
  const answer: Box = await connection.callRemoteString("x-any", new Box({ [`price-${price}`]: data }));
  return connection.callRemote(Order, {
    customer: `${answer.text("customer")} ${year}`,
    items: [{ id: Number(number), note: "again", tags: [] }],
  });
}

/** Returns the fault or a description of an error. */
export function explain(error: unknown): Fault | string | undefined {
  if (error instanceof OutOfStock) return error.message;
  if (error instanceof UnknownRemoteError) return `${error.errorCode}: ${error.description}`;
  if (error instanceof CallTimeout) return error.code;
  return error instanceof AmpError ? error.fault : undefined;
}

// Node: a server, a client, StartTLS with certificates, a switch.

export async function serve(certificate: PrivateCertificate, onConnection?: (one: NodeConnection) => void) {
  const options: ListenOptions = { port: 0, host: "127.0.0.1", locator: responders, onConnection };
  await using server: Server = await listen({
    ...options,
    tls: {
      localCertificate: certificate,
      verifyAuthorities: [await PrivateCertificate.authority({ commonName: "CA" })],
    },
    requireTLS: true,
  });
  return server.connections.size;
}

export async function upgrade(pem: string): Promise<string | undefined> {
  const mine = PrivateCertificate.loadPEM(pem);
  const authority: Certificate = Certificate.loadPEM(pem);
  const connection = await connect({ port: 1, host: "127.0.0.1", locator: responders, callTimeout: 60_000 });
  await connection.startTLS({
    localCertificate: mine,
    verifyAuthorities: [authority],
    serverName: "shop.example",
  });
  await connection.callRemote(Login, {
    token: "secret",
    tls_localCertificate: mine,
    tls_verifyAuthorities: [authority],
  });
  const peer: Certificate | undefined = connection.peerCertificate;
  const stream = await connection.switchProtocol(Raw, { version: 1 });
  const next = attach(stream, { locator: responders });
  const reason: Error = await next.closed;
  return peer?.commonName ?? reason.message;
}

export function keepUp(serverName?: string): ReconnectingClient {
  return reconnecting({
    port: 1,
    host: "shop.example",
    startTLS: { serverName },
    onConnection: async (connection) => {
      await connection.callRemote(Login, { token: "secret" });
    },
    onStateChange({ state, error, delay = 0 }) {
      if (state === "waiting" && error !== undefined) Notice.responder(() => void delay);
    },
    queue: { maxCalls: 10 },
    isFatalError: (error) => error instanceof OutOfStock,
  });
}

// WebSocket.

export async function fromPage(url: URL, accepted: WebSocketLike): Promise<Ordered> {
  const options: ConnectionOptions = { limits: { maxBoxBytes: 1_000_000 }, heartbeat: { interval: 30_000 } };
  const served: Connection = attachWebSocket(accepted, { ...options, locator: responders, secure: true });
  served.destroy(new Error(String(chooseProtocol(["amp"]))));
  const connection = await connectWebSocket(url, { signal: AbortSignal.timeout(5_000) });
  return order(connection, undefined);
}

// Testing.

export async function rehearse(): Promise<void> {
  const clock = manualClock();
  const [client, server] = connectedPair({}, { locator: responders }, { clock, fakeTLS: true });
  const { connection, peer } = scriptedPeer({ locator: responders });
  const answered = connection.callRemote(Photo);
  await peer.expect({ _command: "Photo", _ask: "1" });
  peer.send({ _answer: "1", data: new Uint8Array([1, 2, 3]) });
  const { data }: { data: Uint8Array } = await answered;
  for (const chunks of allSplits(data)) clock.advance(chunks.length);
  await Promise.all([client.close(), server.close()]);
}
