/** Valid host names, and strings that only a URL parser accepts as host names. */
import { describe, expect, test } from "vitest";
import { hostNameInASCII } from "../../../src/node/certificates/host-name.ts";

describe("a host name in ASCII", () => {
  test.each([
    ["calc.example", "calc.example"],
    ["*.calc.example", "*.calc.example"],
    ["my_host", "my_host"],
    ["BÜCHER.example.", "xn--bcher-kva.example."],
  ])("the host name %s is converted to ASCII", (name, expected) => {
    expect(hostNameInASCII(name)).toBe(expected);
  });
});

describe("invalid host names", () => {
  test.each([
    "evil.example/.calc.example",
    "evil.example\\.calc.example",
    "evil.example?.calc.example",
    "evil.example#.calc.example",
    "user@calc.example",
    "calc.example:443",
    "%63alc.example",
    "ca\tlc.example",
    "calc\n.example",
    "calc .example",
    "[::1]",
    "",
  ])("%j is not a host name and not the beginning of one", (name) => {
    expect(hostNameInASCII(name)).toBe("");
  });
});
