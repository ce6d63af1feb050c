/** Names of options: an unknown one is refused, with a suggestion. */
import { describe, expect, test } from "vitest";
import {
  checkTLSOptionNames,
  START_TLS_OPTIONS,
  TLS_OPTIONS,
} from "../../src/core/features/protocol-change/tls-option-names.ts";
import { CONNECTION_OPTIONS, checkOptionNames, similarName } from "../../src/core/option-names.ts";

const KNOWN = [...CONNECTION_OPTIONS, ...TLS_OPTIONS, "timeout", "signal"];

test.each([
  ["verifyAuthority", "verifyAuthorities"],
  ["verifyauthorities", "verifyAuthorities"],
  ["servername", "serverName"],
  ["requireTls", "requireTLS"],
  ["timeOut", "timeout"],
  ["limit", "limits"],
  ["onerror", "onError"],
])("the error for %s suggests %s", (name, similar) => {
  expect(() => checkOptionNames("startTLS", { [name]: 1 }, KNOWN)).toThrow(
    new TypeError(`startTLS: unknown option "${name}" (did you mean "${similar}"?)`),
  );
});

test.each([
  ["ca", "verifyAuthorities"],
  ["rejectUnauthorized", "verifyAuthorities"],
  ["requestCert", "verifyAuthorities"],
  ["cert", "localCertificate"],
  ["key", "localCertificate"],
  ["pfx", "localCertificate"],
  ["checkServerIdentity", "serverName"],
  ["secureProtocol", "minVersion"],
])("the error for %s of node:tls suggests %s", (name, similar) => {
  expect(() => checkTLSOptionNames("startTLS", { [name]: 1 }, START_TLS_OPTIONS)).toThrow(
    new TypeError(`startTLS: unknown option "${name}" (did you mean "${similar}"?)`),
  );
});

test.each(["x", "bufferSize", "toString", "__proto__x", "a".repeat(10_000)])(
  "the error for %.20s suggests nothing",
  (name) => {
    expect(() => checkOptionNames("connect", { [name]: 1 }, KNOWN)).toThrow(
      new TypeError(`connect: unknown option "${name}"`),
    );
  },
);

test.each([
  ["tim", ["timeout"], "timeout"],
  ["ti", ["timeout"], undefined],
  ["maxUnsent", ["maxUnsentBytes"], "maxUnsentBytes"],
  ["sessions", ["sessionTimeout"], "sessionTimeout"],
  ["hostx", ["hosta", "hostb"], "hosta"],
  ["hostxy", ["hostab"], undefined],
  ["hostnamexy", ["hostnameab"], "hostnameab"],
  ["a".repeat(40), ["a".repeat(41)], "a".repeat(41)],
  ["a".repeat(41), ["a".repeat(42)], undefined],
])("a name that is similar to %.20s among %.20j is %.20s", (name, known, similar) => {
  expect(similarName(name, known)).toBe(similar);
});

test("a name of Node is not suggested where the option does not exist", () => {
  expect(() => checkOptionNames("callRemote", { ca: 1 }, ["timeout", "signal"])).toThrow(
    new TypeError('callRemote: unknown option "ca"'),
  );
});

test("an option that is undefined is refused only if its name is unknown", () => {
  expect(() => checkOptionNames("callRemote", { timeout: undefined }, KNOWN)).not.toThrow();
  expect(() => checkOptionNames("callRemote", { timeuot: undefined }, KNOWN)).toThrow(TypeError);
  expect(() => checkOptionNames("callRemote", undefined, KNOWN)).not.toThrow();
});

describe("null is refused", () => {
  test("null is refused as the value of an option", () => {
    expect(() => checkOptionNames("startTLS", { verifyAuthorities: null }, KNOWN)).toThrow(
      new TypeError("startTLS: the option verifyAuthorities must not be null"),
    );
  });

  test.each<[string, unknown]>([
    ["null", null],
    ["5", 5],
    ['"fast"', "fast"],
    ["a function", () => {}],
    ["an array of 0", []],
    ["an object (Map)", new Map()],
  ])("%s is refused instead of the options", (shown, given) => {
    expect(() => checkOptionNames("startTLS", given as object, KNOWN)).toThrow(
      new TypeError(`startTLS: the options must be an object, not ${shown}`),
    );
  });
});
