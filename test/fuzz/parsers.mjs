/**
 * All parsers of input that somebody else chooses: a peer, a capture, a recording, a file or a command line. An input is a
 * list of tokens, of which the middle ones are repeated. `#` in a token is a number that differs in each repetition.
 */
import {
  Box,
  BoxReader,
  bigBytes,
  bigUnicode,
  command,
  encodeBox,
  listOf,
  locator,
  RemoteAmpError,
  unicode,
} from "ampwire";
import { TYPES } from "./codecs.mjs";
import { internal } from "./internal.mjs";

const { toCliError } = await internal("cli/cli-error");
const { diagnose } = await internal("cli/decode/diagnose");
const { fromHex } = await internal("cli/decode/input");
const { ByteSource } = await internal("cli/decode/pcap/byte-source");
const { decodeCapture } = await internal("cli/decode/pcap/capture");
const { Direction } = await internal("cli/decode/pcap/direction");
const { decodeStream } = await internal("cli/decode/stream");
const { parseAddress } = await internal("cli/net/address");
const { styleFor } = await internal("cli/print/style");
const { formatValue, jsonText } = await internal("cli/print/values");
const { scriptsOf } = await internal("cli/replay/script");
const { boxOf } = await internal("cli/traffic/line");
const { Pairing } = await internal("cli/traffic/pairing");
const { parseArgs } = await internal("cli/values/args");
const { safeText } = await internal("core/errors/safe-text");
const { shownBytes, shownValue } = await internal("core/wire/value-text");
const { lastCommonName, onOneLine, separateNames } = await internal("node/certificates/distinguished-name");
const { hostNameInASCII } = await internal("node/certificates/host-name");
const { pemBlocks } = await internal("node/certificates/pem");

/** Largest value of a box in bytes. Names, tags, error codes and descriptions are values. */
const VALUE = 65_535;
const MEBIBYTE = 1024 * 1024;

/** Tokens at which a parser of text may search forward or backtrack. */
const TEXT = [
  " ",
  "\n",
  "\r\n",
  "\t",
  "a",
  "A#",
  "\0",
  "\x1b[",
  "é",
  "😀",
  "\ud800",
  "\u202e",
  '"',
  "\\",
  ",",
  ";",
];

/** Returns the tokens as text of about `size` characters, `unit` repeated as often as fits. */
function textOf(size, { before, unit, after }) {
  const repeated = unit.join("");
  const times = Math.max(1, Math.floor(size / repeated.length));
  const middle = repeated.includes("#")
    ? Array.from({ length: times }, (_, index) => repeated.replaceAll("#", String(index))).join("")
    : repeated.repeat(times);
  return (before.join("") + middle + after.join("")).slice(0, size);
}

/** Returns the same as bytes, one for each character. */
function bytesOf(size, shape) {
  return Buffer.from(textOf(size, shape), "latin1");
}

/** Returns the tokens as a list of about `size` elements. */
function listFrom(size, { before, unit, after }) {
  const middle = Array.from({ length: Math.ceil(size / unit.length) }, () => unit).flat();
  return [...before, ...middle, ...after].map((token, index) => token.replaceAll("#", String(index)));
}

/** @param factor live bytes of the result for each byte of the input, at most */
function ofText(name, run, { tokens = TEXT, largest = VALUE, factor = 8 } = {}) {
  return { name, tokens, largest, factor, make: textOf, bytesOf: (text) => text.length, run };
}

function ofBytes(name, run, { tokens, largest = VALUE, factor = 8 }) {
  return { name, tokens, largest, factor, make: bytesOf, bytesOf: (bytes) => bytes.length, run };
}

function ofList(name, run, { tokens, largest, factor = 64, make = listFrom }) {
  const size = (list) => list.reduce((sum, one) => sum + 16 + (one.length ?? 0), 0);
  return { name, tokens, largest, factor, make, bytesOf: size, run };
}

const BOXES = [
  "\0\0",
  "\0\x01a\0\x01b",
  "\0\x01a\0\0",
  "\0\x0bkey of box#\0\x02ab\0\0",
  "\0\x04_ask\0\x01#\0\x08_command\0\x03Sum\0\0",
  "\0\x07_answer\0\x01#\0\0",
  "\0\x06_error\0\x011\0\x0b_error_code\0\x01x\0\0",
  "\0\x01k\xff\xff",
  "\0",
  "\xff",
  "\x16\x03\x01",
  "GET / HTTP/1.1\r\n",
];
/** Live bytes of a box for each of its bytes: an empty box has two. */
const BOX_FACTOR = 130;

/** Reads boxes to the end or to the first error. */
function readAll(chunks) {
  const reader = new BoxReader({ maxBoxBytes: Infinity, maxBoxKeys: Infinity });
  const boxes = [];
  try {
    for (const chunk of chunks) {
      reader.push(chunk);
      for (let box = reader.next(); box !== undefined; box = reader.next()) boxes.push(box);
    }
    reader.end();
  } catch (error) {
    return { boxes, error };
  }
  return { boxes };
}

const silent = {
  json: false,
  style: styleFor({ isTTY: false }),
  print() {},
  printJSON: jsonText,
  note: safeText,
  drained: async () => {},
};

async function* chunksOf(bytes, size = 65_536) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const Sum = command("Sum", { arguments: { a: unicode() } });
const commands = new Map([["Sum", Sum]]);
const responders = locator(
  Sum.responder(() => ({})),
  { amp_SUM: (box) => box },
  { amp_RAW: (box) => box },
);

/** A capture whose packets are the tokens, with one TCP segment for each. */
function captureOf(size, shape) {
  const packets = listFrom(size, shape).map((token, index) => packet(token, index));
  return Buffer.concat([PCAP_HEADER, ...packets]);
}

const PCAP_HEADER = Buffer.from("d4c3b2a1020004000000000000000000ffff000065000000", "hex");
const ASK = encodeBox(new Box({ _ask: "1", _command: "Sum" }));
const SYN = 2;

/** Returns a record with a segment: its sequence number depends on the token. */
function packet(token, index) {
  const segments = {
    syn: { flags: SYN, sequence: index },
    ordered: { sequence: 1 + index * ASK.length, data: ASK },
    reversed: { sequence: 1_000_000_000 - index * ASK.length, data: ASK },
    apart: { sequence: 1 + 2 * index * ASK.length, data: ASK },
    again: { sequence: 1, data: ASK },
    stranger: { sequence: 1, data: ASK, port: index },
    caller: { sequence: 1, flags: SYN, port: index },
    noise: { sequence: 1 + index * ASK.length, data: Buffer.alloc(ASK.length, 255) },
  };
  const { sequence, data = Buffer.alloc(0), flags = 16, port = 50_000 } = segments[token];
  const record = Buffer.alloc(16 + 40 + data.length);
  record.writeUInt32LE(40 + data.length, 8);
  record.writeUInt32LE(40 + data.length, 12);
  const ip = record.subarray(16);
  ip.writeUInt8(0x45, 0);
  ip.writeUInt16BE(40 + data.length, 2);
  ip.writeUInt8(6, 9);
  ip.writeUInt32BE(0x7f_00_00_01 + (port >> 16), 12);
  ip.writeUInt32BE(0x7f_00_00_01, 16);
  const tcp = ip.subarray(20);
  tcp.writeUInt16BE(port & 0xffff, 0);
  tcp.writeUInt16BE(1234, 2);
  tcp.writeUInt32BE(sequence >>> 0, 4);
  tcp.writeUInt8(5 << 4, 12);
  tcp.writeUInt8(flags, 13);
  tcp.set(data, 20);
  return record;
}

const SEQUENCES = {
  next: (index) => index,
  back: (index) => 100_000_000 - index,
  apart: (index) => 2 * index,
  swapped: (index) => index ^ 1,
  scattered: (index) => 1 + ((index * 7919) % 1_000_003),
  same: () => 5,
  wrapped: (index) => (2 ** 32 - 100 + index) % 2 ** 32,
};

/** Boxes of a recorded or proxied conversation. */
const CONVERSATION = {
  ask: (index) => ({ _ask: String(index), _command: "Sum" }),
  sameAsk: () => ({ _ask: "1", _command: "Sum" }),
  longAsk: (index) => ({ _ask: `${"x".repeat(17_000)}${index}`, _command: "Sum" }),
  longName: (index) => ({ _ask: String(index), _command: `${"x".repeat(17_000)}${index}` }),
  answer: (index) => ({ _answer: String(index) }),
  firstAnswer: () => ({ _answer: "1" }),
  lastAnswer: (index) => ({ _answer: String(Math.max(0, index - 50_000)) }),
  error: (index) => ({ _error: String(index), _error_code: "X", _error_description: " ".repeat(20) }),
  stray: () => ({ a: "1" }),
};
const conversation = (size, shape) =>
  listFrom(size, shape).map((token, index) => ({ index, box: new Box(CONVERSATION[token](index)) }));
const LINES = {
  ...Object.fromEntries(
    Object.entries(CONVERSATION).flatMap(([name, box]) =>
      ["client", "server"].map((from) => [`${name} of ${from}`, (index) => ({ from, box: box(index) })]),
    ),
  ),
  raw: () => ({ from: "client", raw: "00ff" }),
  secured: () => ({ event: "secured" }),
  ended: () => ({ from: "client", event: "ended" }),
  opened: (index) => ({ event: "opened", connection: index }),
};
const recording = (size, shape) =>
  listFrom(size, shape).map((token, index) => ({ connection: 1, time: "", ...LINES[token](index) }));

const PEM = ["-----BEGIN A-----", "-----END A-----", "-----BEGIN ", "-----", "-", "A", " ", "\n", "BEGIN"];
const NAMES = [
  "CN=",
  "DNS:a#",
  ", ",
  " + ",
  "\n",
  '"',
  "\\",
  "\\2C",
  "\\,",
  "A",
  "xn--",
  ".",
  "é",
  "*",
  "1.2.3.4",
];
const ARGS = ["a#=1", "a=1", "b#:=[1]", "=", ":=", "a", '"', "c#:={}", 'a:="\\""'];
const HEX = ["0", "0x", "\\x", "f", " ", ":", "\n", "\\", "ff", "g"];
const JSON_TOKENS = ["[", "]", "{", "}", '"a"', ":", ",", "1", "-", "e", '"', "\\"];

export const parsers = [
  ofBytes("the box reader", (bytes) => readAll([bytes]), {
    tokens: BOXES,
    largest: MEBIBYTE,
    factor: BOX_FACTOR,
  }),
  ofBytes(
    "the box reader, byte by byte",
    (bytes) => readAll(Array.from(bytes, (_, at) => bytes.subarray(at, at + 1))),
    {
      tokens: BOXES,
      largest: MEBIBYTE / 8,
      factor: BOX_FACTOR + 120,
    },
  ),
  ...TYPES.map(({ name, codec, alphabet }) =>
    ofBytes(`the codec ${name}`, (bytes) => codec.decode(bytes), {
      tokens: [...alphabet, "1", "9", "\0\0", "\0\x01", "\x01", ".", "#"],
      factor: 110,
    }),
  ),
  ...[
    ["bigUnicode, numbered", bigUnicode()],
    ["bigUnicode, numbered from 0", bigUnicode({ layout: "numbered-from-0" })],
    ["bigBytes", bigBytes()],
    ["listOf(unicode)", listOf(unicode())],
  ].map(([name, codec]) => {
    const Split = command("Split", { arguments: { it: codec } });
    return ofList(`the values of a box with ${name}`, (box) => Split.parseArguments(box[0]), {
      tokens: ["it", "it.#", "it.0#", "it#", "other#"],
      largest: 16_384,
      factor: 16,
      make: (size, shape) => [new Box(listFrom(size, shape).map((key) => [key, "\0\x01a"]))],
    });
  }),
  ofText("a locator", (name) => responders.locateResponder(name), { factor: 16 }),
  ofList("a locator, for many long names", (names) => names.map((name) => responders.locateResponder(name)), {
    tokens: [`${"x".repeat(17_000)}#`, `#${"x".repeat(17_000)}`, "sum", "Sum", "raw#"],
    largest: 2048,
  }),
  ofBytes("decode", (bytes) => decodeStream(chunksOf(bytes), commands, silent), {
    tokens: BOXES,
    largest: MEBIBYTE / 2,
  }),
  ofBytes("decode, in short chunks", (bytes) => decodeStream(chunksOf(bytes, 7), commands, silent), {
    tokens: BOXES,
    largest: MEBIBYTE / 8,
  }),
  ofBytes(
    "decode --schema --json",
    (bytes) => decodeStream(chunksOf(bytes), commands, { ...silent, json: true }),
    {
      tokens: BOXES,
      largest: MEBIBYTE / 2,
    },
  ),
  ofBytes("the diagnosis", (bytes) => diagnose(bytes, 0), { tokens: BOXES, largest: MEBIBYTE, factor: 16 }),
  ofText(
    "hex digits",
    async (text) => {
      for await (const bytes of fromHex(chunksOf(Buffer.from(text), 1000))) bytes.at(0);
    },
    { tokens: HEX, largest: MEBIBYTE / 2 },
  ),
  ofList("capture files", (file) => decodeCapture(new ByteSource(chunksOf(file[0])), commands, silent), {
    tokens: ["syn", "ordered", "reversed", "apart", "again", "stranger", "caller", "noise"],
    largest: 32_768,
    factor: 16,
    make: (size, shape) => [captureOf(size, shape)],
  }),
  ofList(
    "capture files of any bytes",
    (file) => decodeCapture(new ByteSource(chunksOf(file[0], 500)), commands, silent),
    {
      tokens: [
        "\0\0\0\0",
        "\x01\0\0\0",
        "\x0c\0\0\0",
        "\x06\0\0\0",
        "\xff\xff\xff\0",
        "\n\r\r\n",
        "E\0\0\x28",
        "\0",
      ],
      largest: MEBIBYTE / 4,
      factor: 16,
      make: (size, shape) => [
        Buffer.concat([
          shape.unit.length % 2 === 0 ? PCAP_HEADER : Buffer.from("\n\r\r\n"),
          bytesOf(size, shape),
        ]),
      ],
    },
  ),
  ofList(
    "segments",
    (tokens) => {
      const direction = new Direction();
      direction.begin(0);
      return tokens.map((token, index) => direction.take(SEQUENCES[token](index), Buffer.of(1)).length);
    },
    { tokens: Object.keys(SEQUENCES), largest: 65_536 },
  ),
  ofList(
    "pairing",
    (boxes) => {
      const pairing = new Pairing(commands, () => 0);
      for (const { index, box } of boxes) pairing.interpret(index % 2 === 0 ? "client" : "server", box);
      return pairing;
    },
    { tokens: Object.keys(CONVERSATION), largest: 16_384, factor: 1100, make: conversation },
  ),
  ofList("recordings", (lines) => scriptsOf(lines, "client"), {
    tokens: Object.keys(LINES).filter((name) => !name.startsWith("long")),
    largest: 32_768,
    make: recording,
  }),
  ofText(
    "a recorded box",
    (text) => boxOf(Object.fromEntries([...text].map((one, i) => [one + i, { hex: "00" }]))),
    {
      largest: MEBIBYTE / 16,
      factor: 700,
    },
  ),
  ofList("arguments of the command line", (args) => parseArgs(args), { tokens: ARGS, largest: 65_536 }),
  ofText("an argument of the command line", (text) => parseArgs([text]), { tokens: ARGS }),
  ofText("an argument in JSON", (text) => parseArgs([`a:=${text}`]), {
    tokens: JSON_TOKENS,
    factor: 80,
  }),
  ofText("an address", (text) => parseAddress(`tcp://${text}`), {
    tokens: ["[", "]", ":", "1", "a", "/", "::"],
  }),
  ofText("PEM blocks", (text) => pemBlocks(text, "certificate"), {
    tokens: PEM,
    largest: MEBIBYTE,
    factor: 16,
  }),
  ofText("names of a certificate", (text) => [lastCommonName(text), onOneLine(text)], { tokens: NAMES }),
  ofText("alternative names of a certificate", (text) => separateNames(quotedNames(text)), {
    tokens: NAMES,
    factor: 32,
  }),
  ofText("a host name", (text) => hostNameInASCII(text), { tokens: [...NAMES, "a.", "ß"] }),
  ofText("an error of the command line", (text) => [
    toCliError(new Error(text)),
    toCliError(new RemoteAmpError("X", text)),
  ]),
  ofText(
    "text for a terminal",
    (text) => [safeText(text), jsonText(text), formatValue(text), shownValue(text)],
    {
      factor: 40,
    },
  ),
  ofBytes("bytes for a message", (bytes) => [shownBytes(bytes, 0, bytes.length), formatValue(bytes)], {
    tokens: ["a", "\xff", "\0", "\x1b", "\xc3"],
    factor: 24,
  }),
];

/** Returns names as Node writes them: each between quotes, with the special characters escaped. */
function quotedNames(text) {
  return text
    .split(", ")
    .map((name) => (/["\\]/.test(name) ? `DNS:${JSON.stringify(name)}` : name))
    .join(", ");
}
