/**
 * The same input to ampwire and a live Twisted. Deliberate differences are in twisted-differences.mjs, with reasons.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect as connectSocket } from "node:net";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import {
  Box,
  BoxReader,
  bigInteger,
  boolean,
  bytes,
  command,
  encodeBox,
  float,
  locator,
  unicode,
} from "ampwire";
import { connect, listen } from "ampwire/node";
import * as fc from "fast-check";
import { PROTOCOL_KEYS, streamOf } from "./boxes.mjs";
import { nearly, TYPES } from "./codecs.mjs";
import { assert, hex } from "./promises.mjs";
import { accepts, ends } from "./twisted-differences.mjs";

const Recode = command("Recode", {
  arguments: { type: unicode(), wire: bytes() },
  response: { accepted: boolean(), wire: bytes(), error: unicode() },
});

class ZeroDivisionError extends Error {}
class DeclaredError extends Error {}
class FatalError extends Error {}
const text = { value: unicode() };
const Sum = command("Sum", {
  arguments: { a: bigInteger(), b: bigInteger() },
  response: { total: bigInteger() },
});
const Divide = command("Divide", {
  arguments: { numerator: bigInteger(), denominator: bigInteger() },
  response: { result: float() },
  errors: { ZERO_DIVISION: ZeroDivisionError },
});
const EchoUnicode = command("EchoUnicode", { arguments: text, response: text });
const message = { arguments: { message: unicode() } };
const FailDeclared = command("FailDeclared", { ...message, errors: { DECLARED: DeclaredError } });
const FailFatal = command("FailFatal", { ...message, fatalErrors: { FATAL: FatalError } });
const FailUndeclared = command("FailUndeclared", message);
const Notify = command("Notify", { ...message, requiresAnswer: false });

/** Responders that behave as those of `test/interop/twisted/peer.py`. */
const responders = locator(
  Sum.responder(({ a, b }) => ({ total: a + b })),
  Divide.responder(({ numerator, denominator }) => {
    if (denominator === 0n) throw new ZeroDivisionError("division by zero");
    return { result: Number(numerator) / Number(denominator) };
  }),
  EchoUnicode.responder((args) => args),
  FailDeclared.responder((args) => {
    throw new DeclaredError(args.message);
  }),
  FailFatal.responder((args) => {
    throw new FatalError(args.message);
  }),
  FailUndeclared.responder((args) => {
    throw new Error(args.message);
  }),
  Notify.responder(() => {}),
);

const KEYS = [...PROTOCOL_KEYS, "a", "b", "numerator", "denominator", "value", "message"];
// No StartTLS and no switch: bytes after those are not AMP, and their differences have tests of their own.
const COMMANDS = [
  "Sum",
  "Divide",
  "EchoUnicode",
  "FailDeclared",
  "FailFatal",
  "FailUndeclared",
  "Notify",
  "Nope",
  "sum",
  "",
];
const VALUES = ["", "0", "1", "-7", "+1_0", "x", "1.5", "é", "\xff"];

const value = fc.oneof(
  fc.constantFrom(...VALUES).map((one) => Buffer.from(one, "latin1")),
  fc.uint8Array({ maxLength: 6 }),
);
const fields = fc.array(fc.tuple(fc.constantFrom(...KEYS), value), { minLength: 1, maxLength: 5 });
const ask = fc
  .tuple(
    fc.constantFrom(...COMMANDS),
    fc.option(fc.constantFrom("1", "2", "z", ""), { nil: undefined }),
    fields,
  )
  .map(([name, tag, others]) => [
    ...others,
    ["_command", name],
    ...(tag === undefined ? [] : [["_ask", tag]]),
  ]);
const good = fc.constantFrom(
  [
    ["_command", "Sum"],
    ["_ask", "7"],
    ["a", "1"],
    ["b", "2"],
  ],
  [
    ["_command", "Divide"],
    ["_ask", "8"],
    ["numerator", "1"],
    ["denominator", "0"],
  ],
  [
    ["_command", "EchoUnicode"],
    ["_ask", "9"],
    ["value", "é"],
  ],
  [
    ["_command", "FailDeclared"],
    ["_ask", "d"],
    ["message", "no"],
  ],
  [
    ["_command", "Notify"],
    ["message", "hear"],
  ],
);
const boxes = fc.oneof(fields, ask, good, good).map((entries) => encodeBox(new Box(entries)));
const inputs = fc.oneof(
  { weight: 6, arbitrary: streamOf(boxes) },
  fc.uint8Array({ minLength: 1, maxLength: 20 }),
);

function canary(tag) {
  return encodeBox(new Box({ _ask: tag, _command: "Sum", a: "1", b: "1" }));
}

/** Returns the boxes of a stream, and the stream extended by zeros so that no box is incomplete at its end. */
function completed(input) {
  const reader = new BoxReader({ maxBoxBytes: Infinity, maxBoxKeys: Infinity });
  const found = [];
  const zeros = [];
  try {
    reader.push(input);
    for (let box = reader.next(); box !== undefined; box = reader.next()) found.push(box);
    while (reader.buffered > 0) {
      zeros.push(0);
      reader.push(Uint8Array.of(0));
      const box = reader.next();
      if (box !== undefined) found.push(box);
    }
  } catch {
    // The stream is invalid from here on: both servers must close, whatever follows.
  }
  return { found, bytes: Buffer.concat([input, Uint8Array.from(zeros)]) };
}

/** Returns the boxes with which a server answers a stream, and whether it still answers afterwards. */
async function conversation(port, sent) {
  const socket = connectSocket({ host: "127.0.0.1", port });
  socket.setNoDelay(true);
  socket.on("error", () => {});
  const reader = new BoxReader({ maxBoxBytes: Infinity, maxBoxKeys: Infinity });
  const said = [];
  return new Promise((resolve) => {
    const finish = (open) => {
      socket.destroy();
      resolve({ open, said: said.sort() });
    };
    socket.on("data", (chunk) => {
      reader.push(chunk);
      for (let box = reader.next(); box !== undefined; box = reader.next()) {
        // Twisted also serves asks in the segment that made it close. Only a server that stays open serves a second
        // canary.
        if (box.text("_answer") === "last canary") return finish(true);
        if (box.text("_answer") === "canary") {
          socket.write(canary("last canary"));
          continue;
        }
        box.delete("_error_description"); // texts differ between the servers
        said.push(
          [...box]
            .map(([key, one]) => `${key}=${hex(one)}`)
            .sort()
            .join(),
        );
      }
    });
    socket.once("close", () => finish(false));
    socket.once("end", () => finish(false));
    socket.write(Buffer.concat([sent, canary("canary")]));
  });
}

function talksAlike(ports) {
  return async (batch) => {
    await Promise.all(
      batch.map(async (input) => {
        const { found, bytes: sent } = completed(input);
        const [ours, theirs] = await Promise.all(ports.map((port) => conversation(port, sent)));
        if (ends(found, ours, theirs)) return;
        assert(
          false,
          `${hex(input)}\n  boxes: ${found.map((box) => [...box].map(([key]) => `${key}=${box.text(key)}`))}\n  ours: ${JSON.stringify(ours)}\n  Twisted: ${JSON.stringify(theirs)}`,
        );
      }),
    );
  };
}

function decodesAlike(connection) {
  return async (batch) => {
    await Promise.all(
      batch.map(async ([index, wire]) => {
        const { name, codec } = TYPES[index];
        const theirs = await connection.callRemote(Recode, { type: name, wire });
        let mine;
        let refusal;
        try {
          mine = hex(codec.encode(codec.decode(wire.slice())));
        } catch (error) {
          refusal = String(error);
        }
        const twisted = theirs.accepted ? hex(theirs.wire) : undefined;
        if (accepts(mine, refusal, twisted)) return;
        assert(
          false,
          `${name} ${JSON.stringify(Buffer.from(wire).toString("latin1"))}: ours ${mine ?? refusal}, Twisted ${twisted ?? theirs.error}`,
        );
      }),
    );
  };
}

/** Starts both servers. Without Twisted it returns no targets and prints a warning. */
export async function twistedTargets() {
  const python = process.env.AMPWIRE_PYTHON || "/usr/bin/python3";
  if (process.env.AMPWIRE_TWISTED === "0") {
    console.warn("*** SKIPPED: no Twisted to compare with");
    return { targets: [], end: async () => {} };
  }
  const peer = spawn(
    python,
    [fileURLToPath(new URL("../interop/twisted/peer.py", import.meta.url)), "server", "--timeout=86400"],
    {
      stdio: ["pipe", "pipe", "ignore"],
    },
  );
  const [line] = await once(createInterface({ input: peer.stdout }), "line");
  const { port } = JSON.parse(line).listening;
  const server = await listen({ host: "127.0.0.1", port: 0, locator: responders });
  const connection = await connect({ host: "127.0.0.1", port });
  const targets = [
    {
      name: "Twisted, values",
      promise: "Twisted accepts and rejects the same bytes, and decodes them to the same values",
      arbitrary: fc
        .nat(TYPES.length - 1)
        .chain((index) => fc.tuple(fc.constant(index), nearly(TYPES[index]))),
      check: decodesAlike(connection),
      batch: 50,
      share: 1,
    },
    {
      name: "Twisted, streams",
      promise: "Twisted answers the same, and closes the connection in the same cases",
      arbitrary: inputs,
      check: talksAlike([server.address().port, port]),
      batch: 30,
      share: 1.5,
    },
  ];
  async function end() {
    connection.destroy();
    server.destroy();
    peer.stdin.end();
    await once(peer, "exit");
  }
  return { targets, end };
}
