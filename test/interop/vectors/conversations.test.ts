/**
 * Golden conversations of two Twisted peers: ampwire's server, without extensions, replaces Twisted's, then ampwire's client
 * does. Each must write the same bytes that Twisted wrote.
 */
import type { Duplex } from "node:stream";
import { Box, type Command, ConnectionClosed, type Fields, RemoteAmpError, StartTLS } from "ampwire";
import type { NodeConnection } from "ampwire/node";
import { describe, expect, it } from "vitest";
import { testCertificates } from "../../support/certificates.ts";
import * as commands from "../../support/commands.ts";
import { ourClient, ourServer, rawClient, rawServer } from "../../support/loopback.ts";
import { plain } from "../../support/plain.ts";
import { peerLocator, refusingTLS } from "../../support/responders.ts";
import { boxOf, type Conversation, type Outcome, readVectors, type Step } from "../../support/vectors.ts";
import { WireEnd } from "../../support/wire-end.ts";
import { DIFFERENCES, RAW_ASKS } from "./differences.ts";

const vectors = readVectors("conversations.json");
const { server: certificate } = await testCertificates();

describe("golden conversations, ampwire's server", () => {
  it.each(vectors)("ampwire's server writes Twisted's bytes in the conversation $name", async (vector) => {
    const refusing = vector.name === "start-tls-refused" ? refusingTLS() : undefined;
    const { port, next } = await ourServer({
      locator: refusing ?? peerLocator(),
      extensions: false, // otherwise the first answer has one more key
      tls: { localCertificate: certificate },
    });
    const [socket, connection] = await Promise.all([rawClient(port), next()]);
    const client = new WireEnd(socket);
    if (vector.steps[0]?.from === "server") void connection.startTLS();

    const { server = {} } = DIFFERENCES[vector.name] ?? {};
    let secure = false;
    for (const { from, tls, hex } of turns(vector.steps)) {
      if (tls && !secure) await client.startTLS();
      secure = tls;
      if (from === "client") {
        client.send(Buffer.from(hex, "hex"));
      } else {
        const wanted = server.says?.(hex) ?? hex;
        expect(said(await client.take(wanted.length / 2))).toEqual(said(wanted));
      }
    }
    if (server.adds !== undefined)
      expect(said(await client.take(server.adds.length / 2))).toEqual(said(server.adds));
    const closes = server.closes ?? vector.closes === "server";
    if (!closes) client.end();
    expect(said(await client.rest())).toEqual(said(""));
    // The end that closes the conversation is the one that ends the stream first.
    if (!closes)
      expect((await connection.closed).message).toMatch(/^the (?:peer closed|connection speaks another)/);
    else expect((await connection.closed).message).not.toMatch(/^the peer closed/);
  });
});

describe("golden conversations, ampwire's client", () => {
  it.each(vectors)("ampwire's client writes Twisted's bytes in the conversation $name", async (vector) => {
    const { port, next } = await rawServer();
    const [connection, socket] = await Promise.all([ourClient(port, { locator: peerLocator() }), next()]);
    const server = new WireEnd(socket);
    const calls = new Calls(vector, connection);
    const { client = {} } = DIFFERENCES[vector.name] ?? {};
    let secure = false;
    for (const { from, tls, hex, steps } of turns(vector.steps)) {
      if (tls && !secure) await server.startTLS(certificate);
      secure = tls;
      if (from === "server") {
        server.send(Buffer.from(hex, "hex"));
      } else {
        for (const step of steps) await calls.make(step);
        expect(said(await server.take(hex.length / 2))).toEqual(said(hex));
      }
    }
    if (vector.closes === "server") server.end();
    expect(await calls.outcomes()).toEqual(
      vector.outcomes.slice(0, calls.count).map((outcome) => client.outcome?.(outcome) ?? outcome),
    );
    if (vector.closes === undefined && client.closes !== true) await calls.end();
    expect(said(await server.rest())).toEqual(said(""));
  });
});

/** Makes the calls of a conversation, from its boxes. */
class Calls {
  readonly #vector: Conversation;
  readonly #connection: NodeConnection;
  readonly #outcomes: Promise<Outcome>[] = [];
  #stream: Duplex | undefined;
  /** Number of asks of the client so far, those without an answer included. */
  #asks = 0;

  constructor(vector: Conversation, connection: NodeConnection) {
    this.#vector = vector;
    this.#connection = connection;
  }

  get count(): number {
    return this.#outcomes.length;
  }

  outcomes(): Promise<Outcome[]> {
    return Promise.all(this.#outcomes);
  }

  async make({ boxes, hex }: Step): Promise<void> {
    if (boxes === undefined) {
      await this.outcomes(); // after this, the stream of the switch is known
      this.#stream?.resume().write(Buffer.from(hex, "hex"));
    }
    for (const vector of boxes ?? []) {
      const box = boxOf(vector);
      const name = box.text("_command");
      if (name !== undefined) this.#call(name, box); // the answers come from ampwire's responders
    }
  }

  #call(name: string, box: Box): void {
    const raw = this.#asks++ >= (RAW_ASKS[this.#vector.name] ?? Number.POSITIVE_INFINITY);
    const called = raw ? this.#callRaw(name, box) : this.#callCommand(name, box);
    if (called === undefined) return;
    const { call } = this.#vector.outcomes[this.#outcomes.length] ?? { call: name };
    this.#outcomes.push(
      called.then(
        (response) => ({ call, response }),
        (error: Error) => ({ call, ...inTwisted(error, raw) }),
      ),
    );
  }

  #callRaw(name: string, asked: Box): Promise<unknown> | undefined {
    const fields = new Box([...asked].filter(([key]) => !key.startsWith("_")));
    if (!asked.has("_ask")) {
      return this.#connection.callRemoteString(name, fields, { requiresAnswer: false });
    }
    return this.#connection.callRemoteString(name, fields).then((answer) => {
      answer.delete("_answer");
      return Object.fromEntries([...answer].map(([key, value]) => [key, { hex: plain(value) }]));
    });
  }

  #callCommand(name: string, box: Box): Promise<unknown> | undefined {
    const command = byName.get(name);
    if (command === undefined) throw new Error(`there is no command ${name}`);
    const protocol = (stream: Duplex) => {
      this.#stream = stream;
    };
    // A command can encode what it has parsed. Only protocol switches have the argument `protocol`.
    const values = {
      ...command.parseArguments(box),
      ...("protocol" in command.arguments ? { protocol } : {}),
    };
    const called = this.#connection.callRemote(command, values);
    return called?.then(plain);
  }

  async end(): Promise<void> {
    if (this.#stream === undefined) await this.#connection.close();
    else this.#stream.end();
  }
}

/** A command with any arguments and any response. */
type AnyCommand = Command<Fields, Fields, boolean>;

const byName: ReadonlyMap<string, AnyCommand> = new Map(
  [...Object.values(commands), StartTLS]
    .filter((one) => typeof one === "object" && "parseArguments" in one)
    // EchoInteger and EchoSafeInteger have the same name: the first is used.
    .reverse()
    .map((one): [string, AnyCommand] => [one.name, one as unknown as AnyCommand]),
);

/** Consecutive steps of one end, all in plaintext or all inside TLS. */
interface Turn {
  readonly from: Step["from"];
  readonly tls: boolean;
  readonly steps: Step[];
  hex: string;
}

function turns(steps: readonly Step[]): Turn[] {
  const found: Turn[] = [];
  for (const step of steps) {
    const last = found.at(-1);
    const tls = step.tls ?? false;
    if (last?.from === step.from && last.tls === tls) {
      last.steps.push(step);
      last.hex += step.hex;
    } else {
      found.push({ from: step.from, tls, steps: [step], hex: step.hex });
    }
  }
  return found;
}

/** Returns an error as Twisted would report it. */
function inTwisted(error: Error, raw: boolean): { readonly error: string; readonly message: string } {
  const name = error.constructor.name;
  if (error instanceof ConnectionClosed) {
    return { error: "ConnectionDone", message: "Connection was closed cleanly." };
  }
  if (!(error instanceof RemoteAmpError))
    return { error: name, message: error.message.replace(/^\w+: UNHANDLED: /, "") };
  return { error: raw ? "RemoteAmpError" : name, message: error.description };
}

/** Returns the bytes as text, in which a difference is easier to see than in hexadecimal digits. */
function said(bytes: Buffer | string): string {
  return (typeof bytes === "string" ? Buffer.from(bytes, "hex") : bytes).toString("latin1");
}
