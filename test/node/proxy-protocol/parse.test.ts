/** PROXY headers as bytes: the examples and limits of the specification, and hostile bytes. */
import { describe, expect, test } from "vitest";
import { crc32c } from "../../../src/node/proxy-protocol/crc32c.ts";
import { InvalidProxyHeader } from "../../../src/node/proxy-protocol/header.ts";
import { parseHeader } from "../../../src/node/proxy-protocol/parse.ts";
import { header, tlv } from "../../support/proxy-header.ts";

const text = (line: string) => new TextEncoder().encode(line);
const hex = (digits: string) => Uint8Array.from(Buffer.from(digits.replaceAll(/\s/g, ""), "hex"));

const IPV4 = hex("c0a80001 c0a8000b dc04 01bb");

describe("the parser of version 1", () => {
  test("the PROXY line of the specification has the client's address, and the request follows", () => {
    const bytes = text("PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\nGET / HTTP/1.1\r\n");
    expect(parseHeader(bytes)).toEqual({
      header: {
        version: 1,
        command: "PROXY",
        source: { address: "192.168.0.1", port: 56_324, family: "IPv4" },
        destination: { address: "192.168.0.11", port: 443, family: "IPv4" },
        tlvs: [],
      },
      length: 47,
    });
  });

  const FULL = Array(8).fill("ffff").join(":");

  test.each([
    ["TCP4", "PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n", 56],
    ["TCP6", `PROXY TCP6 ${FULL} ${FULL} 65535 65535\r\n`, 104],
    ["a short UNKNOWN", "PROXY UNKNOWN\r\n", 15],
    ["the longest UNKNOWN", `PROXY UNKNOWN ${FULL} ${FULL} 65535 65535\r\n`, 107],
  ])("the longest line of the specification is accepted: %s", (_, line, length) => {
    expect(line.length).toBe(length);
    expect(parseHeader(text(line))?.length).toBe(length);
  });

  test.each(["PROXY UNKNOWN\r\n", "PROXY UNKNOWN any thing, 99999 \t\r\n"])(
    "an UNKNOWN line has no address, and its rest is ignored: %j",
    (line) => {
      expect(parseHeader(text(line))).toEqual({
        header: { version: 1, command: "PROXY", tlvs: [] },
        length: line.length,
      });
    },
  );

  test.each([
    ["2001:0DB8:0:0::1", "2001:db8::1"],
    ["::ffff:1.2.3.4", "::ffff:1.2.3.4"],
    ["::", "::"],
  ])("the IPv6 address %s becomes %s, as Node writes it", (given, address) => {
    const parsed = parseHeader(text(`PROXY TCP6 ${given} ::1 1 2\r\n`));
    expect(parsed?.header.source).toEqual({ address, port: 1, family: "IPv6" });
  });

  test.each([
    "PROXY TCP4 01.2.3.4 1.2.3.4 1 2\r\n",
    "PROXY TCP4 1.2.3.256 1.2.3.4 1 2\r\n",
    "PROXY TCP4 1.2.3 1.2.3.4 1 2\r\n",
    "PROXY TCP4 ::1 ::1 1 2\r\n",
    "PROXY TCP6 1.2.3.4 1.2.3.4 1 2\r\n",
    "PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n",
    "PROXY TCP6 [::1] ::1 1 2\r\n",
    "PROXY TCP4 1.2.3.4 1.2.3.4 01 2\r\n",
    "PROXY TCP4 1.2.3.4 1.2.3.4 65536 2\r\n",
    "PROXY TCP4 1.2.3.4 1.2.3.4 -1 2\r\n",
    "PROXY TCP4 1.2.3.4 1.2.3.4 1e3 2\r\n",
    "PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n",
    "PROXY TCP4 1.2.3.4 1.2.3.4 1 2 \r\n",
    "PROXY TCP4  1.2.3.4 1.2.3.4 1 2\r\n",
    "PROXY TCP4 1.2.3.4\t1.2.3.4 1 2\r\n",
    "PROXY tcp4 1.2.3.4 1.2.3.4 1 2\r\n",
    "PROXY UDP4 1.2.3.4 1.2.3.4 1 2\r\n",
    "PROXY UNKNOWNS\r\n",
    "PROXY \r\n",
    "PROXY TCP4 1.2.3.4 1.2.3.4 1 2\n",
    "PROXY TCP4 1.2.3.4 1.2.3.4 1 2\rX",
    "PROXY UNKNOWN\n\r\n",
    "proxy TCP4 1.2.3.4 1.2.3.4 1 2\r\n",
    "PROXYTCP4",
    "POST / HTTP/1.1",
    `PROXY UNKNOWN ${"x".repeat(92)}\r\n`,
    `PROXY TCP4 ${"1".repeat(107)}`,
  ])("the PROXY line %j is refused", (line) => {
    expect(() => parseHeader(text(line))).toThrow(InvalidProxyHeader);
  });
});

describe("the parser of version 2", () => {
  test("a PROXY header for TCP over IPv4 has the addresses of both ends", () => {
    const bytes = header(0x21, 0x11, IPV4);
    expect(parseHeader(new Uint8Array([...bytes, 0, 4]))).toEqual({
      header: {
        version: 2,
        command: "PROXY",
        source: { address: "192.168.0.1", port: 56_324, family: "IPv4" },
        destination: { address: "192.168.0.11", port: 443, family: "IPv4" },
        tlvs: [],
      },
      length: 28,
    });
  });

  test("a PROXY header for TCP over IPv6 has the addresses of both ends, as Node writes them", () => {
    const block = hex(`20010db8 00000000 00000000 00000001 ${"00".repeat(10)} ffff 01020304 0001 ffff`);
    expect(parseHeader(header(0x21, 0x21, block))?.header).toMatchObject({
      source: { address: "2001:db8::1", port: 1, family: "IPv6" },
      destination: { address: "::ffff:1.2.3.4", port: 65_535, family: "IPv6" },
    });
  });

  test.each([
    ["/run/a.sock", "2f72756e2f612e736f636b"],
    ["", ""],
    ["\0abstract", "006162737472616374"],
    ["p".repeat(108), "70".repeat(108)],
  ])("a PROXY header for a UNIX socket has the path %j", (path, digits) => {
    const block = new Uint8Array(216);
    block.set(hex(digits));
    block.set(text("/run/b.sock"), 108);
    expect(parseHeader(header(0x21, 0x31, block))?.header).toMatchObject({
      source: path,
      destination: "/run/b.sock",
    });
  });

  test.each([
    ["without addresses", 0x00, new Uint8Array(0)],
    ["with a family that this version of the protocol does not know", 0xff, new Uint8Array(3)],
    ["with addresses", 0x11, IPV4],
    ["with fields that overrun the header", 0x11, new Uint8Array([...IPV4, 1, 255, 255])],
  ])("a LOCAL header %s has no address, and is skipped as a whole", (_, family, block) => {
    expect(parseHeader(header(0x20, family, block))).toEqual({
      header: { version: 2, command: "LOCAL", tlvs: [] },
      length: 16 + block.length,
    });
  });

  test.each([
    ["UNSPEC", 0x00, new Uint8Array(0)],
    ["UNSPEC with bytes", 0x00, tlv(0xe0, "x")],
    ["UDP over IPv4", 0x12, IPV4],
    ["UDP over IPv6", 0x22, new Uint8Array(36)],
    ["IPv4 of an unknown transport", 0x10, IPV4],
    ["a UNIX datagram", 0x32, new Uint8Array(216)],
  ])("a PROXY header for %s is accepted without an address", (_, family, block) => {
    const parsed = parseHeader(header(0x21, family, block));
    expect(parsed?.length).toBe(16 + block.length);
    expect(parsed?.header).not.toHaveProperty("source");
  });

  test("additional fields of a PROXY header are read: known ones by name, and all of them as a list", () => {
    const ssl = new Uint8Array([
      0x07,
      0,
      0,
      0,
      0,
      ...tlv(0x21, "TLSv1.3"),
      ...tlv(0x22, "ann"),
      ...tlv(0x23, "AES"),
    ]);
    const fields = [
      tlv(0x01, "amp"),
      tlv(0x02, "calc.example"),
      tlv(0x04, "\0\0"),
      tlv(0x05, "id-1"),
      tlv(0x20, ssl),
      tlv(0xe4, "own"),
    ];
    const parsed = parseHeader(
      header(0x21, 0x11, new Uint8Array([...IPV4, ...fields.flatMap((one) => [...one])])),
    );
    expect(parsed?.header).toMatchObject({
      alpn: "amp",
      authority: "calc.example",
      uniqueId: text("id-1"),
      tls: { protocol: "TLSv1.3", cipher: "AES", commonName: "ann", clientCertificate: true, verified: true },
    });
    expect(parsed?.header.tlvs.map(({ type }) => type)).toEqual([1, 2, 4, 5, 0x20, 0xe4]);
  });

  test.each([
    ["no certificate, and 0", 0x01, 0, { clientCertificate: false, verified: false }],
    ["a certificate that was not verified", 0x03, 1, { clientCertificate: true, verified: false }],
    ["a certificate earlier in the session", 0x05, 0, { clientCertificate: true, verified: true }],
  ])("a client is verified only with a certificate: %s", (_, flags, result, expected) => {
    const block = new Uint8Array([...IPV4, ...tlv(0x20, new Uint8Array([flags, 0, 0, 0, result]))]);
    expect(parseHeader(header(0x21, 0x11, block))?.header.tls).toMatchObject(expected);
  });

  test("a correct checksum is accepted, and a wrong one is refused", () => {
    const zeroed = header(0x21, 0x11, new Uint8Array([...IPV4, ...tlv(0x04, "a"), ...tlv(0x03, "\0\0\0\0")]));
    const bytes = Uint8Array.from(zeroed);
    new DataView(bytes.buffer).setUint32(bytes.length - 4, crc32c(zeroed));
    expect(parseHeader(bytes)?.header.source).toMatchObject({ address: "192.168.0.1" });
    const after = Uint8Array.of(1, 2, 3, ...bytes, 4, 5).subarray(3); // a view in a larger buffer
    expect(parseHeader(after)).toMatchObject({ length: bytes.length });
    for (const at of [17, bytes.length - 1]) {
      const wrong = Uint8Array.from(bytes);
      wrong[at] = (wrong[at] ?? 0) ^ 1;
      expect(() => parseHeader(wrong)).toThrow("the checksum is wrong");
    }
  });

  // RFC 3720, appendix B.4.
  test.each([
    ["32 zeros", new Uint8Array(32), 0x8a9136aa],
    ["32 ones", new Uint8Array(32).fill(0xff), 0x62a8ab43],
    ["0 to 31", Uint8Array.from({ length: 32 }, (_, i) => i), 0x46dd794e],
  ])("the checksum of %s is that of RFC 3720", (_, bytes, checksum) => {
    expect(crc32c(bytes)).toBe(checksum);
  });

  test.each([
    ["version 1", header(0x11, 0x11, IPV4)],
    ["version 3", header(0x31, 0x11, IPV4)],
    ["an unknown command", header(0x22, 0x11, IPV4)],
    ["an unknown family", header(0x21, 0x41, IPV4)],
    ["an unknown transport", header(0x21, 0x13, IPV4)],
    ["too few bytes for IPv4", header(0x21, 0x11, IPV4.subarray(1))],
    ["too few bytes for IPv6", header(0x21, 0x21, new Uint8Array(35))],
    ["too few bytes for UNIX", header(0x21, 0x31, new Uint8Array(215))],
    ["a field that overruns the header", header(0x21, 0x11, new Uint8Array([...IPV4, 0xe0, 0, 2, 1]))],
    ["the beginning of a field", header(0x21, 0x11, new Uint8Array([...IPV4, 0xe0]))],
    [
      "a field about TLS that is too short",
      header(0x21, 0x11, new Uint8Array([...IPV4, ...tlv(0x20, "1234")])),
    ],
    ["a checksum of 3 bytes", header(0x21, 0x11, new Uint8Array([...IPV4, ...tlv(0x03, "123")]))],
    ["another signature", Uint8Array.of(0x0d, 0x0a, 0x0d, 0x0b)],
  ])("a PROXY header with %s is refused", (_, bytes) => {
    expect(() => parseHeader(bytes)).toThrow(InvalidProxyHeader);
  });

  test("the length is limited to 4,096 bytes, and is refused before the bytes arrive", () => {
    const longest = header(0x21, 0x00, new Uint8Array(4080));
    expect(parseHeader(longest)?.length).toBe(4096);
    const fixed = header(0x20, 0x00, new Uint8Array(4081)).subarray(0, 16);
    expect(() => parseHeader(fixed)).toThrow("it has 4097 bytes; the limit is 4096");
  });
});

const HEADERS: readonly (readonly [string, Uint8Array])[] = [
  ["version 1", text("PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\n")],
  ["version 2", header(0x21, 0x11, new Uint8Array([...IPV4, ...tlv(0xe0, "x")]))],
  ["LOCAL", header(0x20, 0x00, new Uint8Array(0))],
];

test.each(HEADERS)("every beginning of a header needs more bytes: %s", (_, bytes) => {
  for (let length = 0; length < bytes.length; length++)
    expect(parseHeader(bytes.subarray(0, length))).toBeUndefined();
  expect(parseHeader(bytes)?.length).toBe(bytes.length);
});

test.each([
  ["HTTP", text("GET / HTTP/1.1\r\n")],
  ["TLS", hex("160301")],
  ["AMP", hex("00045f61736b")],
])("%s is not a PROXY header: it is refused at its first byte, and the error shows the bytes", (_, bytes) => {
  expect(() => parseHeader(bytes.subarray(0, 1))).toThrow(InvalidProxyHeader);
  expect(() => parseHeader(bytes)).toThrow(Buffer.from(bytes.subarray(0, 1)).toString("hex"));
});
