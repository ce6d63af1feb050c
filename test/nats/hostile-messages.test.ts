/** Invalid messages. No callback may throw: the NATS client would stop reading permanently. */

import { headers } from "@nats-io/nats-core";
import {
  Box,
  encodeBox,
  locator,
  MalformedAmpBox,
  ResponderLost,
  type Signal,
  UnexpectedAnswer,
} from "ampwire";
import { edge, serve } from "ampwire/nats";
import { connectedPair, flushPending, type MemoryMessage } from "ampwire/testing";
import { describe, expect, test } from "vitest";
import { rejection } from "../support/settled.ts";
import { Sum, SumOnce, WhoAmI } from "./support/commands.ts";
import { calculator, network } from "./support/network.ts";

const ask = encodeBox(new Box({ _ask: "1", _command: "Sum", a: "1", b: "2" }));
const PAYLOADS: Record<string, Uint8Array> = {
  "no bytes": new Uint8Array(0),
  "half a box": ask.subarray(0, 9),
  "two boxes": Uint8Array.from([...ask, ...ask]),
  "a box and a byte": Uint8Array.from([...ask, 0]),
  "an empty box": new Uint8Array(2),
  "an answer to another call": encodeBox(new Box({ _answer: "77", total: "1" })),
  "an error box for another call": encodeBox(
    new Box({ _error: "77", _error_code: "X", _error_description: "" }),
  ),
  "a box with other keys": encodeBox(new Box({ a: "1" })),
  "an ask for another command": encodeBox(new Box({ _ask: "1", _command: "Divide", a: "1" })),
  text: new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n"),
  "a key that is too long": new Uint8Array([1, 0, 0, 0]),
};

describe.each(Object.keys(PAYLOADS))("a message with %s", (what) => {
  const payload = PAYLOADS[what] as Uint8Array;

  test.each(["calc.call.Sum", "calc.edge.Sum"])(
    "the message to %s is reported, and the worker goes on",
    async (subject) => {
      const { nats, call, clock } = network();
      const connection = nats.connect();
      const errors: unknown[] = [];
      await serve(connection, {
        service: "calc",
        clock,
        locator: calculator(),
        onError: (error) => errors.push(error),
      });
      const replies: MemoryMessage[] = [];
      nats.subscribe("reply.*", { callback: (_, message) => void replies.push(message) });
      nats.publish(subject, payload);
      nats.publish(subject, payload, { reply: "reply.1" });
      await flushPending();
      expect(connection.thrown).toBeUndefined();
      expect(errors.length).toBe(2);
      expect(replies.map(({ headers: found }) => found?.code)).toEqual([400]);
      expect(await call().callRemote(Sum, { a: 1, b: 2 })).toEqual({ total: 3 });
    },
  );

  test("the message to an edge does not stop the edge", async () => {
    const { nats, clock } = network();
    const connection = nats.connect();
    const front = await edge(connection, { service: "calc", clock, commands: [Sum] });
    for (const subject of [`calc.client.${front.id}.1`, `calc.join.${front.id}.1`]) {
      nats.publish(subject, payload);
      nats.publish(subject, payload, { reply: "reply.2" });
    }
    await flushPending();
    expect(connection.thrown).toBeUndefined();
  });

  test("the message as an answer rejects its call, and the caller goes on", async () => {
    const { nats, call, work } = network();
    nats.subscribe("calc.call.SumOnce", {
      callback: (_, { reply }) => nats.publish(reply ?? "", payload, { headers: headers(200, "OK") }),
    });
    const calc = call({ callTimeout: 1_000, silence: 20 });
    const answer = calc.callRemote(SumOnce, { a: 1, b: 2 });
    answer.catch(() => {}); // it may reject before the test waits for it
    await flushPending();
    if (what === "no bytes") return; // a status of a later version is ignored, and the call waits on
    expect(await rejection(answer)).toSatisfy(
      (found) =>
        found instanceof MalformedAmpBox ||
        found instanceof UnexpectedAnswer ||
        found instanceof ResponderLost ||
        (found as { code?: string }).code !== undefined,
    );
    await work();
    expect(await calc.callRemote(Sum, { a: 1, b: 2 })).toEqual({ total: 3 });
  });
});

describe("headers", () => {
  test.each(["", "a", "a.b.c", "a. b", "*.>", "é.1", "x".repeat(300)])(
    "the client %j in a header is rejected as no ask",
    async (client) => {
      const { nats, clock } = network();
      const connection = nats.connect();
      const errors: unknown[] = [];
      await serve(connection, {
        service: "calc",
        clock,
        locator: calculator(),
        onError: (error) => errors.push(error),
      });
      const made = headers();
      made.set("Amp-Connection", client);
      nats.publish("calc.edge.Sum", ask, { reply: "reply.1", headers: made });
      await flushPending();
      expect(errors).toHaveLength(1);
      expect(connection.thrown).toBeUndefined();
    },
  );

  test("headers with rubbish do not stop the worker", async () => {
    const { nats, clock } = network();
    const connection = nats.connect();
    const names: unknown[] = [];
    await serve(connection, {
      service: "calc",
      clock,
      locator: {
        locateResponder:
          () =>
          (_box, { connection: peer }) => {
            names.push(peer.remoteAddress, peer.peerCertificate?.commonName, peer.tls?.protocol);
            return new Box();
          },
      },
    });
    for (const [index, rubbish] of [
      "{",
      "null",
      "[]",
      "1",
      '{"address":1}',
      "%%%",
      "MIIB",
      "\u00ff",
    ].entries()) {
      const made = headers();
      made.set("Amp-Connection", "edge.1");
      for (const name of ["Amp-Address", "Amp-TLS", "Amp-Certificate", "Amp-Identity", "Amp-Timeout"])
        made.set(name, rubbish);
      nats.publish("calc.edge.Sum", ask, { reply: `reply.${index}`, headers: made });
    }
    await flushPending();
    expect(connection.thrown).toBeUndefined();
    expect(names).toHaveLength(8 * 3);
  });

  test("an ask whose caller does not wait any more is not executed", async () => {
    const { nats, work } = network();
    let served = 0;
    const serveOne = () => {
      served++;
      return new Box();
    };
    await work({ locator: { locateResponder: () => serveOne } });
    for (const left of ["0", "1"]) {
      const made = headers();
      made.set("Amp-Timeout", left);
      nats.publish("calc.call.Sum", ask, { reply: `reply.${left}`, headers: made });
    }
    await flushPending();
    expect(served).toBe(1);
  });

  test("a message that arrives twice is executed once", async () => {
    const { work, call, nats } = network();
    let served = 0;
    const serveOne = () => {
      served++;
      return new Box({ total: "3" });
    };
    await work({ locator: { locateResponder: () => serveOne } });
    nats.setFault(() => ({ duplicate: true }));
    expect(await call().callRemote(SumOnce, { a: 1, b: 2 })).toEqual({ total: 3 });
    await flushPending();
    expect(served).toBe(1);
  });
});

describe("a program that may publish asks only", () => {
  // The server lets a worker and an edge publish to any subject that an ask has as its reply subject.
  test("the answer of a worker or an edge on the subject of an edge's reports does not end the asks of a client", async () => {
    const { nats, clock, work } = network();
    const signals: Signal[] = [];
    await work({
      locator: locator(
        Sum.responder(({ a, b }) => ({ total: a + b })),
        WhoAmI.responder((_, { signal }) => {
          signals.push(signal);
          return new Promise<never>(() => {});
        }),
      ),
    });
    const front = await edge(nats.connect(), { service: "calc", clock, commands: [WhoAmI] });
    const [client, atEdge] = connectedPair({}, { locator: front.locator }, { clock });
    front.accept(atEdge);
    client.callRemote(WhoAmI).catch(() => {});
    await flushPending();
    const reply = `calc.gone.${front.id}.1`;
    nats.publish("calc.call.Sum", ask, { reply });
    nats.publish("calc.call.Sum", new Uint8Array(5), { reply: `${reply}` });
    nats.publish(`calc.client.${front.id}.99`, ask, { reply });
    nats.publish("$SRV.PING.calc", new Uint8Array(0), { reply });
    await flushPending();
    expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
    nats.publish(reply, new Uint8Array(0));
    await flushPending();
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
  });

  test("the answer of a client on the control subject of another client has no effect", async () => {
    const { nats, clock } = network();
    const front = await edge(nats.connect(), { service: "calc", clock, commands: [] });
    const answers = new Box({ _command: "destroy", _ask: "1" });
    const clients = [{ locator: { locateResponder: () => () => answers } }, {}].map((options) => {
      const [client, atEdge] = connectedPair(options, { locator: front.locator }, { clock });
      front.accept(atEdge);
      return client;
    });
    nats.publish(`calc.client.${front.id}.1`, ask, { reply: `calc.join.${front.id}.2` });
    await flushPending();
    // A client without the checks of this library can write such an answer:
    const forged = encodeBox(new Box({ _answer: "1", _command: "destroy", _ask: "1" }));
    nats.publish(`calc.join.${front.id}.2`, forged);
    await flushPending();
    expect(clients.map(({ state }) => state)).toEqual(["open", "open"]);
    nats.publish(`calc.join.${front.id}.2`, encodeBox(new Box({ _command: "destroy", _ask: "1" })));
    await flushPending();
    expect(clients.map(({ state }) => state)).toEqual(["open", "closed"]);
  });

  test("nothing is published to a reply subject of the service or of NATS itself", async () => {
    const { nats, clock } = network();
    const errors: unknown[] = [];
    const onError = (error: unknown) => void errors.push(error);
    const served: string[] = [];
    const responders = locator(
      Sum.responder(({ a, b }) => {
        served.push("Sum");
        return { total: a + b };
      }),
    );
    await serve(nats.connect(), { service: "calc", clock, locator: responders, onError });
    const front = await edge(nats.connect(), { service: "calc", clock, commands: [], onError });
    const replies = [
      "$JS.API.STREAM.DELETE.orders",
      "calc.gone.a.1",
      "calc.join.a.1",
      "calc.event.news",
      "calc.edge.Sum",
      "calc.worker.a.Sum",
    ];
    const asked = ["calc.call.Sum", `calc.client.${front.id}.1`, `calc.join.${front.id}.1`, "$SRV.PING.calc"];
    const published: string[] = [];
    nats.setFault(({ subject }) => {
      if (replies.includes(subject)) published.push(subject);
      return undefined;
    });
    for (const reply of replies) {
      nats.subscribe(reply, { callback: () => {} });
      for (const subject of asked) nats.publish(subject, ask, { reply });
    }
    await flushPending();
    expect([published, served]).toEqual([[], []]);
    expect(errors).toHaveLength(3 * replies.length);
    nats.publish("calc.call.Sum", ask, { reply: "calc.inbox.1" }); // a prefix of inboxes may begin so
    await flushPending();
    expect(served).toEqual(["Sum"]);
  });
});
