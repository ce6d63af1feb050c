/** `ampwire decode` of captures that contain recorded conversations of Twisted. */
import { writeFileSync } from "node:fs";
import { Box, encodeBox } from "ampwire";
import { describe, expect, test } from "vitest";
import { Capture } from "../../src/cli/decode/pcap/capture.ts";
import { Terminal } from "../../src/cli/print/terminal.ts";
import { MAX_CAPTURED_CONNECTIONS } from "../../src/cli/traffic/limits.ts";
import { capture } from "../support/pcap.ts";
import { scratchPath } from "../support/tls-side.ts";
import { readVectors } from "../support/vectors.ts";
import { overIPv6, pcapngOf, pcapOf, type Record, recordsOf } from "./captures.ts";
import { runCommand } from "./run-command.ts";
import { runHere } from "./run-here.ts";

const conversations = readVectors("conversations.json");

/** Returns a capture of a recorded conversation, in packets of at most `bound` bytes. */
function recorded(name: string, bound?: number): Buffer {
  const found = conversations.find((conversation) => conversation.name === name);
  if (found === undefined) throw new Error(`unknown conversation ${name}`);
  const segments = found.steps.map(({ from, tls, hex }) => ({
    way: from === "client" ? ("toServer" as const) : ("toClient" as const),
    // Any TLS record can replace the recorded TLS bytes.
    bytes: tls ? Buffer.from("1603010001ff", "hex") : Buffer.from(hex, "hex"),
  }));
  return capture(segments, undefined, bound);
}

function decode(input: Uint8Array, ...flags: string[]) {
  const file = scratchPath("capture");
  writeFileSync(file, input);
  return runHere(["decode", ...flags, file].join(" "));
}

/** Removes times, which depend on how the capture is split into packets. */
const untimed = (text: string) => text.replace(/^\S+ /gm, "").replace(/ in \S+ ms/g, "");

const SUMS = `10.0.0.1:50000 > 10.0.0.2:1234 @0 asks Sum [1] a=13 b=81
10.0.0.2:1234 > 10.0.0.1:50000 @0 answers Sum [1] total=94
10.0.0.1:50000 > 10.0.0.2:1234 @40 asks Sum [2] a=13 b=81
10.0.0.2:1234 > 10.0.0.1:50000 @25 answers Sum [2] total=94
`;

describe("ampwire decode of a capture", () => {
  test("asks are paired with answers and response times", async () => {
    const input = recorded("sums-one-by-one");
    const { code, out, err } = await runCommand(["decode", "--pcap"], { input });
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out.split("\n").slice(0, 2)).toEqual([
      "0.003000 10.0.0.1:50000 > 10.0.0.2:1234 @0 asks Sum [1] a=13 b=81",
      "0.004000 10.0.0.2:1234 > 10.0.0.1:50000 @0 answers Sum [1] in 1.0 ms total=94",
    ]);
    expect(untimed(out)).toBe(SUMS);
  });

  test.each([1, 3, 7])("a capture is detected, and segments of %i bytes are joined", async (bound) => {
    expect(untimed((await decode(recorded("sums-one-by-one", bound))).out)).toBe(SUMS);
  });

  test("decode pairs asks of both ends with equal tags, and reports errors and unanswered asks", async () => {
    const { out } = await decode(recorded("call-back"));
    expect(out).toMatch(/10\.0\.0\.1:50000 > \S+ @0 asks CallBack \[1\]/);
    expect(out).toMatch(/10\.0\.0\.2:1234 > \S+ @0 asks Sum \[1\]/);
    expect(out).toMatch(/answers CallBack \[1\] in/);
    expect((await decode(recorded("zero-division"))).out).toMatch(
      /fails Divide \[1\] in \S+ ms ZERO_DIVISION: /,
    );
    const records = recordsOf(recorded("sum"));
    const { code, err } = await decode(pcapOf(records.filter(({ data }) => !data.includes("_answer"))));
    expect({ code, err }).toEqual({ code: 0, err: "unanswered: Sum\n" });
  });

  test("JSON output contains values typed by a schema", async () => {
    const args = ["decode", "--json", "--schema", "test/support/commands.ts"];
    const { out } = await runCommand(args, { input: recorded("sum") });
    const [, answer] = out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(answer).toEqual({
      time: 4,
      from: "10.0.0.2:1234",
      to: "10.0.0.1:50000",
      offset: 0,
      length: 25,
      box: { _answer: "1", total: "94" },
      kind: "answer",
      command: "Sum",
      took: 1,
      values: { total: "94" },
    });
  });

  test("decoding ends at StartTLS without an error", async () => {
    const { code, out, err } = await decode(recorded("start-tls"));
    expect(code).toBe(0);
    expect(out).toMatch(/asks StartTLS \[1\]/);
    expect(err).toMatch(/^10\.0\.0\.1:50000 > 10\.0\.0\.2:1234: TLS from byte \d+ on$/m);
  });

  test("a capture that ends in the middle of a packet is decoded up to there, with a note", async () => {
    const records = recordsOf(recorded("sums-one-by-one"));
    const last = records.at(-1)?.data.length ?? 0;
    const whole = pcapOf(records);
    expect((await decode(whole)).err).toBe("");
    // Without a part of the packet, all of it, and a part of its header.
    const cut = [1, last, last + 15].map((missing) => whole.subarray(0, -missing));
    for (const file of [...cut, pcapngOf(records).subarray(0, -1)]) {
      const { code, out, err } = await decode(file);
      expect(code).toBe(0);
      expect(out).toContain("asks Sum [1]");
      expect(err).toContain("the capture ends in the middle of a packet\n");
    }
  });

  test.each([
    [
      "packets of another link type",
      pcapOf([{ time: 0, data: Buffer.alloc(60) }], { linkType: 9999 }),
      "packets of link type 9999 are not supported",
    ],
    ["no packets", pcapOf([]), "it has no complete TCP packets"],
  ])("a capture with %s is an error that names the reason", async (_, file, reason) => {
    const { code, err } = await decode(file);
    expect(code).toBe(1);
    expect(err).toContain(`ampwire: the capture contains no AMP (${reason}`);
  });

  test("a connection that stops being AMP is an error, and so is a capture without AMP", async () => {
    const broken = await decode(recorded("switch"));
    expect(broken.code).toBe(1);
    expect(broken.out).toMatch(/answers SwitchToLine/);
    expect(broken.err).toMatch(/^ampwire: 10\.0\.0\.1:50000 > 10\.0\.0\.2:1234: not AMP at byte \d+: /m);
    const http = capture([{ way: "toServer", bytes: Buffer.from("GET / HTTP/1.1\r\n\r\n") }]);
    const none = await decode(http);
    expect(none.code).toBe(1);
    expect(none.err).toMatch(/^ampwire: the capture contains no AMP/m);
    const noCapture = await decode(Buffer.from("0123456789"), "--pcap");
    expect(noCapture.err).toMatch(/^ampwire: the input is not a capture file \(pcap or pcapng\)/);
  });
});

describe("decode reads a capture", () => {
  const records = recordsOf(recorded("sums-one-by-one", 7));
  const prefixed = (prefix: string) =>
    records.map(({ time, data }) => ({ time, data: Buffer.concat([Buffer.from(prefix, "hex"), data]) }));
  const mac = "020000000001020000000002";

  test.each<[string, () => Buffer]>([
    ["in the other byte order", () => pcapOf(records, { bigEndian: true })],
    ["in nanoseconds", () => pcapOf(records, { nanoseconds: true })],
    ["in pcapng", () => pcapngOf(records)],
    ["in pcapng in the other byte order", () => pcapngOf(records, { bigEndian: true })],
    ["of Ethernet", () => pcapOf(prefixed(`${mac}0800`), { linkType: 1 })],
    ["of a VLAN", () => pcapOf(prefixed(`${mac}810000050800`), { linkType: 1 })],
    ["of the BSD loopback interface", () => pcapOf(prefixed("02000000"), { linkType: 0 })],
    ["of any Linux interface", () => pcapOf(prefixed(`${"00".repeat(14)}0800`), { linkType: 113 })],
    [
      "of any Linux interface in the newer format",
      () => pcapOf(prefixed(`0800${"00".repeat(18)}`), { linkType: 276 }),
    ],
    ["cut off in its last packet", () => pcapOf(records).subarray(0, -3)],
    [
      "with frames padded to the minimum of Ethernet",
      () => pcapOf(padded(prefixed(`${mac}0800`)), { linkType: 1 }),
    ],
  ])("%s", async (_, made) => {
    const { code, out } = await decode(made());
    expect({ code, out: untimed(out) }).toEqual({ code: 0, out: SUMS });
  });

  test.each([{}, { bigEndian: true }, { longest: 0 }])(
    "decode reads simple pcapng packets, which have no time: %j",
    async (options) => {
      const file = pcapngOf(records, { simple: true, ...options });
      expect(await decode(file)).toEqual({ code: 0, out: SUMS, err: "" });
      const { out } = await decode(file, "--json");
      const [ask, answer] = out.split("\n").map((line) => line && JSON.parse(line));
      expect(ask).toMatchObject({ kind: "ask", command: "Sum", offset: 0, length: 40 });
      expect(answer).toMatchObject({ kind: "answer", command: "Sum" });
      expect([ask, answer].filter((line) => "time" in line || "took" in line)).toEqual([]);
    },
  );

  test("decode ignores the padding of truncated simple packets", async () => {
    const whole = recordsOf(recorded("sum"));
    const { err } = await decode(pcapngOf(whole, { simple: true, longest: 41 }));
    expect(err).toMatch(/^10\.0\.0\.1:50000 > \S+: cut off at byte 1: /); // 40 bytes of headers and one byte of data
  });

  test("decode reads IPv6", async () => {
    const { out } = await decode(pcapOf(records.map(({ time, data }) => ({ time, data: overIPv6(data) }))));
    expect(untimed(out)).toBe(
      SUMS.replaceAll("10.0.0.1:", "[2001:db8::1]:").replaceAll("10.0.0.2:", "[2001:db8::2]:"),
    );
  });

  test("decode reads repeated packets and packets out of order", async () => {
    const twice = records.flatMap((record, i) => (i % 3 === 0 ? [record, record] : [record]));
    const swapped = twice.map(
      (_, i) => twice[i < 6 ? i : i % 2 === 0 ? Math.min(i + 1, twice.length - 1) : i - 1] as Record,
    );
    const { out } = await decode(pcapOf(swapped));
    expect(untimed(out).split("\n").sort()).toEqual(SUMS.split("\n").sort());
  });

  test("decode reads data in the SYN segment", async () => {
    const [syn, , , first, ...rest] = recordsOf(recorded("sums-one-by-one")) as [
      Record,
      Record,
      Record,
      Record,
    ];
    const fast = Buffer.concat([syn.data, first.data.subarray(40)]);
    fast.writeUInt16BE(fast.length, 2);
    const { code, out } = await decode(pcapOf([{ ...syn, data: fast }, ...rest]));
    expect({ code, out: untimed(out) }).toEqual({ code: 0, out: SUMS });
  });

  test("decode reads a long connection after a lost segment", async () => {
    const box = Buffer.from("00045f61736b00013100085f636f6d6d616e64000450696e670000", "hex");
    const asks = Array.from({ length: 150_001 }, () => ({ way: "toServer" as const, bytes: box }));
    const packets = recordsOf(capture(asks));
    const { code, out, err } = await decode(pcapOf(packets.filter((_, i) => i !== 4)));
    expect(code).toBe(0);
    expect(out.trim().split("\n")).toHaveLength(1);
    expect(err).toContain(`10.0.0.1:50000 > 10.0.0.2:1234: ${box.length} bytes are not in the capture`);
  });

  test("decode tracks a limited number of connections, and reports the limit once", async () => {
    const [syn] = recordsOf(recorded("sum")) as [Record];
    const flood = Array.from({ length: MAX_CAPTURED_CONNECTIONS + 2 }, (_, i) => {
      const data = Buffer.from(syn.data);
      data.writeUInt32BE(0x0b000000 + i, 12);
      return { ...syn, data };
    });
    const { code, out, err } = await decode(pcapOf([...recordsOf(recorded("sum")), ...flood]));
    expect(code).toBe(0);
    expect(out.trim().split("\n")).toHaveLength(2);
    expect(err).toBe(
      `more than ${MAX_CAPTURED_CONNECTIONS} connections: those without recent segments are no longer tracked\n`,
    );
  });

  test("decode keeps a limited number of bytes of all connections together, and reports the limit once", () => {
    const notes: string[] = [];
    const lines: string[] = [];
    const terminal = Object.assign(new Terminal(false), {
      note: (text: string) => void notes.push(text),
      print: (text: string) => void lines.push(text),
    });
    const capture = new Capture(new Map(), terminal, 250);
    const box = Buffer.from(encodeBox(new Box({ _ask: "1", _command: "Put", data: "x".repeat(100) })));
    const sent = (port: number, sequence: number, data: Buffer, early = 0) =>
      capture.read({
        from: `10.0.0.1:${port}`,
        to: "10.0.0.2:1234",
        sequence: sequence + early,
        syn: false,
        ack: true,
        data,
        time: undefined,
      });
    for (const port of [1, 2, 3, 4]) sent(port, 0, box.subarray(0, 100)); // 1 and 2 are dropped
    expect(notes).toEqual([
      "more than 250 bytes of incomplete boxes: connections without recent segments are no longer tracked",
    ]);
    for (const port of [3, 4]) sent(port, 100, box.subarray(100));
    expect(lines).toHaveLength(2);
    // Segments after a gap count too, and complete boxes do not.
    for (const port of [5, 6]) {
      sent(port, 0, box);
      sent(port, box.length, box.subarray(1, 91), 1);
    }
    sent(7, 0, box.subarray(0, 100));
    for (const port of [5, 6]) sent(port, box.length, box.subarray(0, 1));
    expect(lines).toHaveLength(4);
    expect(notes).toHaveLength(1);
    // Connections that are tracked are reported, those that were dropped are not.
    expect(() => capture.finish()).toThrow(/^10\.0\.0\.1:6 > 10\.0\.0\.2:1234: cut off at byte 225: /);
  });

  test.each([
    ["without a length", [6, 0, 0]],
    ["that is too short for a packet", [6, 16, 0, 16]],
    ["that is too short for a simple packet", [3, 12, 12]],
    ["that is too short for an interface", [1, 12, 12]],
  ])("decode rejects a pcapng block %s", async (_, fields) => {
    const block = Buffer.alloc(4 * fields.length);
    for (const [i, word] of fields.entries()) block.writeUInt32LE(word, 4 * i);
    const { code, err } = await decode(Buffer.concat([pcapngOf([]), block]));
    expect(code).toBe(1);
    expect(err).toMatch(/^ampwire: the capture file is malformed: a block of \d+ bytes/m);
  });

  test("decode reads a connection that began before the capture", async () => {
    const { out } = await decode(pcapOf(records.slice(3)));
    expect(untimed(out)).toBe(SUMS);
  });

  test("decode reports the number of missing bytes", async () => {
    const { code, out, err } = await decode(pcapOf(records.filter((_, i) => i !== 5)));
    expect(code).toBe(1);
    expect(out).not.toMatch(/asks Sum \[1\]/);
    expect(err).toMatch(/^10\.0\.0\.1:50000 > 10\.0\.0\.2:1234: 7 bytes are not in the capture$/m);
  });
});

function padded(records: readonly Record[]): Record[] {
  return records.map(({ time, data }) => ({
    time,
    data: Buffer.concat([data, Buffer.alloc(Math.max(0, 60 - data.length))]),
  }));
}
