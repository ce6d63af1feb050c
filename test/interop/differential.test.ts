/** Generated values and bytes through ampwire's codecs and through a live Twisted, which must give the same result. */
import { connect, listen, type NodeConnection, type Server } from "ampwire/node";
import { Temporal } from "temporal-polyfill";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as commands from "../support/commands.ts";
import { COUNT, GENERATED, type GeneratedType, nearly, sample } from "../support/generated-values.ts";
import { type Plain, plain } from "../support/plain.ts";
import { peerLocator } from "../support/responders.ts";
import {
  addressOf,
  describeWithTwisted,
  type TwistedPeer,
  type TwistedServer,
  twistedClient,
  twistedServer,
} from "../support/twisted.ts";

describeWithTwisted("generated values", () => {
  let server: TwistedServer;
  let connection: NodeConnection;

  beforeAll(async () => {
    server = await twistedServer();
    connection = await connect({ ...server.address });
  });
  afterAll(async () => {
    await connection.close();
    await server[Symbol.asyncDispose]();
  });

  /** Returns Twisted's own encoding of the value in the bytes, or undefined if Twisted rejects them. */
  async function recoded(type: string, wires: readonly Uint8Array[]): Promise<(string | undefined)[]> {
    const answers = wires.map((wire) => connection.callRemote(commands.Recode, { type, wire }));
    return (await Promise.all(answers)).map(({ accepted, wire }) => (accepted ? hex(wire) : undefined));
  }

  describe("encoded by us, decoded and encoded by Twisted", () => {
    it.each(GENERATED)(
      "Twisted decodes and encodes ampwire's values of $name unchanged",
      async ({ name, codec, values }) => {
        const wires = sample(values).map((value) => codec.encode(value));
        expect(await recoded(name, wires)).toEqual(wires.map(hex));
      },
    );
  });

  describe("bytes that are almost values, decoded and encoded by both", () => {
    it.each(GENERATED)("Twisted and ampwire decode the same bytes as $name", async (type) => {
      const wires = sample(nearly(type));
      const theirs = await recoded(type.name, wires);
      const ours = wires.map((wire) => ourRecoding(type, wire));
      const differences = ours
        .map((mine, index) => ({ ...mine, twisted: theirs[index], wire: shown(wires[index]) }))
        .filter(({ encoded, refusal, twisted }) => encoded !== twisted && !STRICTER.test(refusal ?? ""));
      expect(differences).toEqual([]);
      // The comparison is useful only if some inputs are accepted and some are rejected.
      const refused = ours.filter(({ refusal }) => refusal !== undefined).length;
      if (type.name !== "bytes") expect(refused).toBeGreaterThan(COUNT / 100);
      expect(COUNT - refused).toBeGreaterThan(COUNT / 100);
    });
  });
});

describeWithTwisted("generated values of Twisted", () => {
  let server: Server;
  let client: TwistedPeer;

  beforeAll(async () => {
    server = await listen({ port: 0, host: "127.0.0.1", locator: peerLocator() });
    client = twistedClient("echo-stdin", addressOf(server), { starttls: true });
  });
  afterAll(async () => {
    await client.end();
    await server.close();
  });

  describe("encoded by Twisted, decoded and encoded by us, inside TLS", () => {
    it.each(GENERATED)(
      "ampwire decodes and encodes Twisted's values of $name unchanged",
      async ({ echo, codec, values }) => {
        // Through ampwire's codec once, because a path is normalised when it is encoded.
        const texts = sample(values).map((value) => inPython(codec.decode(codec.encode(value))));
        for (const value of texts) client.say(JSON.stringify({ command: echo, value }));
        const answers: unknown[] = [];
        for (const _ of texts) answers.push(await client.next<unknown>());
        expect(answers).toEqual(texts.map((value) => ({ value })));
      },
    );
  });
});

/** Returns the value as `plain` does, with a date in the format of Python's isoformat(). */
function inPython(value: unknown): Plain {
  const text = plain(value);
  if (typeof text !== "string" || !(value instanceof Temporal.ZonedDateTime)) return text;
  const fraction = value.millisecond * 1000 + value.microsecond === 0 ? 0 : 6;
  return value.toString({ timeZoneName: "never", fractionalSecondDigits: fraction });
}

/**
 * Errors for input that ampwire rejects on purpose and Twisted accepts. The first is a list whose last element or row
 * is truncated, which Twisted drops silently. The second is sending a path relative to a directory that only the peer
 * knows.
 */
const STRICTER = /cut off|an absolute path is needed/;

function ourRecoding(
  { codec }: GeneratedType,
  wire: Uint8Array,
): { readonly encoded?: string; readonly refusal?: string } {
  try {
    return { encoded: hex(codec.encode(codec.decode(wire))) };
  } catch (error) {
    return { refusal: String(error) };
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

function shown(bytes: Uint8Array | undefined): string {
  return JSON.stringify(Buffer.from(bytes ?? []).toString("latin1"));
}
