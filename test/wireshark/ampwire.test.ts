/** The Wireshark dissector, with captures of ampwire conversations. */
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bytes, command, locator, StartTLS } from "ampwire";
import { type NodeConnection, protocolSwitch } from "ampwire/node";
import { expect, it, onTestFinished, vi } from "vitest";
import { calculator, Divide, Note, Sum } from "../core/calculator.ts";
import { testCertificates } from "../support/certificates.ts";
import { ourClient, ourServer, rawClient } from "../support/loopback.ts";
import { capture, type Segment } from "../support/pcap.ts";
import { bytesOf, type Part, RawPeer, STLS } from "../support/raw-peer.ts";
import { wireTo } from "../support/tcp-proxy.ts";
import { describeWithTshark, fieldsOf, infos, tshark } from "./tshark.ts";

const { server: localCertificate } = await testCertificates();

const Echo = command("Echo", { arguments: { data: bytes() }, response: { data: bytes() } });
const SecureStart = StartTLS.extend("SecureStart");
const ToLine = protocolSwitch("ToLine");

const served = () =>
  locator(
    calculator().locator,
    Echo.responder(({ data }) => ({ data })),
    SecureStart.responder(() => ({})),
    ToLine.responder(() => ({ protocol: (stream) => void stream.pipe(stream) })),
  );

/** Starts an ampwire server behind a recording proxy. */
async function wire() {
  const server = await ourServer({ locator: served(), extensions: false, tls: { localCertificate } });
  return wireTo(server.port);
}

/** Returns the segments that an ampwire client and server exchange while `talk` runs. */
async function recorded(talk: (client: NodeConnection) => Promise<unknown>): Promise<readonly Segment[]> {
  const { port, segments } = await wire();
  const client = await ourClient(port);
  await talk(client);
  await client.close();
  return segments;
}

const segment = (way: Segment["way"], ...parts: Part[]): Segment => ({
  way,
  bytes: bytesOf(...parts),
});

/** Maximum bytes per segment; undefined keeps the segments. */
const BOUNDS = [1, 3, undefined] as const;

// Each query starts a tshark process.
vi.setConfig({ testTimeout: 60_000 });

describeWithTshark("the Wireshark dissector", () => {
  it.each(BOUNDS)(
    "the dissector shows asks, answers and errors in segments of at most %s bytes",
    async (bound) => {
      const segments = await recorded(async (client) => {
        await client.callRemote(Sum, { a: 13, b: 81 });
        await client.callRemote(Divide, { numerator: 1, denominator: 0 }).catch(() => {});
        client.callRemote(Note, { text: "café" });
        await client.callRemote(Sum, { a: 1, b: 2 });
      });
      const file = capture(segments, undefined, bound);
      // The heuristic needs the first key in the first segment, because Wireshark runs it once per segment.
      const ports = bound === undefined ? [] : ["-d", "tcp.port==1234,ampwire"];
      expect(infos(file, "ampwire.box", ...ports).join(", ")).toBe(
        "Sum ask 1, answer 1, Divide ask 2, error 2 ZERO_DIVISION, Note ask, Sum ask 4, answer 4",
      );
      const names = [
        "command",
        "ask",
        "answer",
        "error",
        "error_code",
        "error_description",
        "key",
        "value.text",
      ];
      const columns = names.map((name) => `ampwire.${name}`);
      expect(fieldsOf(file, "ampwire.command == Divide", columns, ...ports)).toEqual([
        ["Divide", "2", "", "", "", "", "_ask|_command|denominator|numerator", "2|Divide|0|1"],
        [
          "Divide",
          "",
          "",
          "2",
          "ZERO_DIVISION",
          "division by zero",
          "_error|_error_code|_error_description",
          "2|ZERO_DIVISION|division by zero",
        ],
      ]);
      expect(fieldsOf(file, 'ampwire.value.text == "café"', ["ampwire.box"], ...ports)).toHaveLength(1);
      expect(tshark(file, ...ports, "-Y", "_ws.malformed || _ws.lua.error || ampwire.malformed")).toBe("");
    },
  );

  it("the dissector pairs the asks of both ends with their answers, and shows the time between", () => {
    const file = capture([
      segment("toServer", { _ask: "1", _command: "A" }, { _ask: "2", _command: "B" }),
      segment("toClient", { _ask: "1", _command: "C" }, { _answer: "2" }),
      segment("toServer", { _answer: "1" }),
      segment("toClient", { _answer: "1" }, { _answer: "7" }),
    ]);
    expect(infos(file)).toEqual(["A ask 1, B ask 2", "C ask 1, answer 2", "answer 1", "answer 1, answer 7"]);
    const names = ["command", "asked_in", "answered_in", "time"].map((name) => `ampwire.${name}`);
    expect(fieldsOf(file, "ampwire", names, "-2")).toEqual([
      ["A|B", "", "7|5", ""],
      ["C|B", "4", "6", "0.001000000"],
      ["C", "5", "", "0.001000000"],
      ["A", "4", "", "0.003000000"],
    ]);
    expect(fieldsOf(file, "ampwire.unasked", ["ampwire.answer"])).toEqual([["1|7"]]);
  });

  it("the dissector shows binary values as bytes, in one or many segments", async () => {
    const data = Uint8Array.from({ length: 60_000 }, (_, i) => i % 256);
    const file = capture(await recorded((client) => client.callRemote(Echo, { data })), undefined, 1460);
    expect(infos(file, "ampwire.box")).toEqual(["Echo ask 1", "answer 1"]);
    const [ask] = fieldsOf(file, "ampwire.ask", ["ampwire.value", "ampwire.value.text"]);
    expect(ask?.[0]?.split("|")[2]).toBe(Buffer.from(data).toString("hex"));
    expect(ask?.[1]).toBe("1|Echo");
  });

  it("the dissector shows an empty value and a binary tag", () => {
    const tag = Uint8Array.of(0, 0xff);
    const file = capture([
      segment("toServer", { _ask: tag, _command: "A", empty: "" }),
      segment("toClient", { _answer: tag }),
    ]);
    expect(infos(file)).toEqual(["A ask 00ff", "answer 00ff"]);
    expect(fieldsOf(file, "ampwire.ask", ["ampwire.key", "ampwire.value.text", "ampwire.value"])).toEqual([
      ["_ask|_command|empty", "A|", "00ff|41"],
    ]);
    expect(fieldsOf(file, "ampwire.answer && ampwire.command == A", ["ampwire.answer"])).toEqual([["00ff"]]);
  });

  it.each([
    ["StartTLS", StartTLS, undefined],
    ["an extension of StartTLS", SecureStart, undefined],
    ["StartTLS in small segments", StartTLS, 97],
  ])("the dissector passes bytes after %s to Wireshark's TLS dissector", async (_, upgrade, bound) => {
    const segments = await recorded(async (client) => {
      await client.callRemote(Sum, { a: 13, b: 81 });
      await client.callRemote(upgrade, {});
      await client.callRemote(Sum, { a: 1, b: 1 });
    });
    const file = capture(segments, undefined, bound);
    const plain = ["Sum ask 1", "answer 1", `${upgrade.name} ask 2`, "answer 2"];
    for (const passes of [[], ["-2"]]) {
      expect(infos(file, "ampwire.box", ...passes)).toEqual(plain);
      const handshakes = fieldsOf(file, "tls.handshake", ["tls.handshake.type"], ...passes);
      expect(handshakes.flat()).toEqual(["1", "2"]);
      expect(tshark(file, ...passes, "-Y", "tls.app_data")).not.toBe("");
      expect(tshark(file, ...passes, "-Y", "_ws.malformed || ampwire.malformed")).toBe("");
    }
  });

  it("the dissector finds TLS that begins in the segment of the answer", async () => {
    const segments = await recorded((client) => client.callRemote(StartTLS, {}));
    const [ask, answer, hello, ...rest] = segments as [Segment, Segment, Segment];
    // Swap the directions, as if the server had started TLS.
    const swapped: Segment[] = [
      { way: "toClient", bytes: ask.bytes },
      { way: "toServer", bytes: Buffer.concat([answer.bytes, hello.bytes]) },
      ...rest,
    ];
    const file = capture(swapped);
    expect(infos(file)[0]).toBe("StartTLS ask 1");
    expect(fieldsOf(file, "ampwire.answer", ["tls.handshake.type"])).toEqual([["1"]]);
    expect(fieldsOf(file, "tls.handshake.type == 2", ["frame.number"])).toHaveLength(1);
  });

  it("the dissector shows boxes inside TLS if it has the secrets", async () => {
    const { port, segments } = await wire();
    const peer = new RawPeer(await rawClient(port));
    peer.send(STLS);
    await peer.box();
    const folder = mkdtempSync(join(tmpdir(), "ampwire-keys-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const keys = join(folder, "keys.txt");
    const secrets: Buffer[] = [];
    const tls = peer.tlsClient();
    tls.on("keylog", (line: Buffer) => secrets.push(line));
    await once(tls, "secureConnect");
    const inside = new RawPeer(tls);
    inside.send({ _ask: "a", _command: "Sum", a: "1", b: "2" });
    await inside.box();
    writeFileSync(keys, Buffer.concat(secrets));
    const file = capture(segments);
    const opened = infos(file, "ampwire.box", "-o", `tls.keylog_file:${keys}`);
    expect(opened.slice(0, 2)).toEqual(["StartTLS ask 1", "answer 1"]);
    expect(opened.slice(2).join()).toMatch(/Sum ask a.*answer a/);
  });

  it("the dissector shows bytes after a protocol switch as data", async () => {
    const segments = await recorded(async (client) => {
      const stream = await client.switchProtocol(ToLine, {});
      stream.write("hello\r\n");
      for await (const _ of stream) break; // breaking destroys the stream
    });
    const file = capture(segments);
    expect(infos(file, "ampwire.box")).toEqual(["ToLine ask 1", "answer 1"]);
    expect(fieldsOf(file, "data", ["data.data"])).toEqual([["68656c6c6f0d0a"], ["68656c6c6f0d0a"]]);
    expect(tshark(file, "-Y", "_ws.malformed || ampwire.malformed || tls")).toBe("");
  });

  it("the dissector ignores other protocols, even on a port of AMP", () => {
    const http = { way: "toServer", bytes: Buffer.from("GET / HTTP/1.1\r\nHost: a\r\n\r\n") } as const;
    const zeros = { way: "toServer", bytes: new Uint8Array(100) } as const;
    expect(infos(capture([http]))).toEqual([]);
    expect(infos(capture([zeros]))).toEqual([]);
    expect(infos(capture([http]), "ampwire", "-o", "ampwire.ports:1234")).toEqual([]);
  });

  it("the dissector marks a malformed box", () => {
    const file = capture([
      segment("toServer", { _ask: "1", _command: "A" }, Uint8Array.of(0, 1, 97, 0, 0, 9, 9, 9)),
    ]);
    expect(infos(file, "ampwire.malformed")).toEqual(["A ask 1, not a box"]);
  });

  it("the dissector recognises AMP by the first box, unless disabled, and by configured ports", () => {
    const file = capture([segment("toServer", { A: "1", _ask: "1", _command: "B" })]);
    expect(infos(file)).toEqual(["B ask 1"]);
    const off = ["-o", "ampwire.heuristic:FALSE"];
    expect(infos(file, "ampwire", ...off)).toEqual([]);
    expect(infos(file, "ampwire", ...off, "-o", "ampwire.ports:1230-1240")).toEqual(["B ask 1"]);
  });
});
