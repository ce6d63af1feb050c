/** What is a host name, and what only looks like one to a parser of URLs. */
import { describe, expect, test } from "vitest";
import { hostNameInASCII } from "../../../src/node/certificates/host-name.ts";

describe("a host name in ASCII", () => {
  test.each([
    ["calc.example", "calc.example"],
    ["*.calc.example", "*.calc.example"],
    ["my_host", "my_host"],
    ["BÜCHER.example.", "xn--bcher-kva.example."],
  ])("%s", (name, expected) => {
    expect(hostNameInASCII(name)).toBe(expected);
  });
});

describe("is no host name, nor the beginning of one:", () => {
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
  ])("%j", (name) => {
    expect(hostNameInASCII(name)).toBe("");
  });
});
