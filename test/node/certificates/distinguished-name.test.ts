import { expect, test } from "vitest";
import {
  lastCommonName,
  onOneLine,
  separateNames,
} from "../../../src/node/certificates/distinguished-name.ts";

test("a distinguished name with several parts is written on one line", () => {
  expect(onOneLine("C=NL\nO=Example\nCN=calc.example")).toBe("C=NL, O=Example, CN=calc.example");
  expect(onOneLine("")).toBe("");
  expect(onOneLine(undefined)).toBe("");
});

test("the common name is the last one, unescaped", () => {
  expect(lastCommonName("CN=outer\nO=x\nCN=inner")).toBe("inner");
  expect(lastCommonName('CN=Example\\, Inc. \\"x\\"')).toBe('Example, Inc. "x"');
  expect(lastCommonName("CN=line\\0Abreak")).toBe("line\nbreak");
  expect(lastCommonName("O=Example\nCN=alice + UID=1000")).toBe("alice");
  expect(lastCommonName("UID=1000 + CN=alice\nO=Example")).toBe("alice");
  expect(lastCommonName("CN=a \\+ CN\\=b")).toBe("a + CN=b");
  expect(lastCommonName("O=nobody")).toBeUndefined();
  expect(lastCommonName(undefined)).toBeUndefined();
});

test("quoted subject alternative names are not split", () => {
  const names = 'DNS:a.example, DNS:"b, DNS:evil.example", IP Address:127.0.0.1';
  expect(separateNames(names)).toEqual([
    "DNS:a.example",
    'DNS:"b, DNS:evil.example"',
    "IP Address:127.0.0.1",
  ]);
  expect(separateNames(undefined)).toEqual([]);
});
