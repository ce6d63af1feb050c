/** PROXY headers that `connect` sends. */
import { describe, expect, test } from "vitest";
import { parseHeader } from "../../../src/node/proxy-protocol/parse.ts";
import { writeHeader } from "../../../src/node/proxy-protocol/write.ts";
import { SIGNATURE } from "../../support/proxy-header.ts";

describe("writeHeader", () => {
  const ann = { address: "192.168.0.1", port: 56_324, family: "IPv4" } as const;
  const here = { address: "192.168.0.11", port: 443, family: "IPv4" } as const;

  test("a written PROXY header of version 1 is the line of the specification", () => {
    const bytes = writeHeader({ version: 1, source: ann, destination: here });
    expect(new TextDecoder().decode(bytes)).toBe("PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\n");
  });

  test("a written PROXY header of version 2 has the bytes of the specification", () => {
    expect(Buffer.from(writeHeader({ source: ann, destination: here })).toString("hex")).toBe(
      `${Buffer.from(SIGNATURE).toString("hex")}2111000cc0a80001c0a8000bdc0401bb`,
    );
    expect(Buffer.from(writeHeader({})).toString("hex")).toBe(
      `${Buffer.from(SIGNATURE).toString("hex")}20000000`,
    );
    expect(new TextDecoder().decode(writeHeader({ version: 1 }))).toBe("PROXY UNKNOWN\r\n");
  });

  test.each(["::", "::1", "1::", "2001:db8::1", "1:2:3:4:5:6:7:8", "fe80::1:0:0:2", "::ffff:0:1.2.3.4"])(
    "the IPv6 address %s in a written PROXY header is read back",
    (address) => {
      const source = { address, port: 0, family: "IPv6" } as const;
      for (const version of [1, 2] as const) {
        const read = parseHeader(writeHeader({ version, source, destination: source }))?.header.source;
        expect(new URL(`http://[${(read as typeof source).address}]`).host).toBe(
          new URL(`http://[${address}]`).host,
        );
      }
    },
  );

  test("an IPv4 address in the notation of IPv6 is written as IPv4", () => {
    const mapped = { address: "::ffff:192.168.0.1", port: 56_324, family: "IPv6" } as const;
    expect(writeHeader({ source: mapped, destination: here })).toEqual(
      writeHeader({ source: ann, destination: here }),
    );
  });

  test("paths of UNIX sockets in a PROXY header are read back", () => {
    const parsed = parseHeader(writeHeader({ source: "", destination: "/run/ä.sock" }));
    expect(parsed?.header).toMatchObject({ source: "", destination: "/run/ä.sock" });
  });

  test.each([
    [{ source: ann }, "needs source and destination"],
    [{ source: ann, destination: "/run/x" }, "must both be IPv4, IPv6 or paths"],
    [
      { source: ann, destination: { address: "::1", port: 1, family: "IPv6" } },
      "must both be IPv4, IPv6 or paths",
    ],
    [{ version: 3 }, "proxyProtocol.version must be 1 or 2, not 3"],
    [{ version: 1, source: "/a", destination: "/b" }, "the path of a UNIX socket needs version 2"],
    [{ source: "x".repeat(108), destination: "" }, "at most 107 bytes"],
    [
      { source: { address: "localhost", port: 1 }, destination: here },
      "must be an IP address, not localhost",
    ],
    [{ source: { address: "1.2.3.4\r\n", port: 1 }, destination: here }, "must be an IP address"],
    [
      { source: { address: "1.2.3.4", port: 65_536 }, destination: here },
      "a port from 0 to 65535, not 65536",
    ],
    [{ source: 7, destination: here }, "must be an IP address, not undefined"],
    [{ sourc: ann }, 'unknown option "sourc" (did you mean "source"?)'],
  ])("writeHeader refuses %j", (options, message) => {
    expect(() => writeHeader(options as never)).toThrow(message);
  });
});
