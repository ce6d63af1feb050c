/** Names of options: an unknown one is refused, with a suggestion. */
import { describe, expect, test } from "vitest";
import { CONNECTION_OPTIONS, checkOptionNames, TLS_OPTIONS } from "../../src/core/option-names.ts";

const KNOWN = [...CONNECTION_OPTIONS, ...TLS_OPTIONS, "timeout", "signal"];

test.each([
  ["verifyAuthority", "verifyAuthorities"],
  ["verifyauthorities", "verifyAuthorities"],
  ["ca", "verifyAuthorities"],
  ["rejectUnauthorized", "verifyAuthorities"],
  ["requestCert", "verifyAuthorities"],
  ["cert", "localCertificate"],
  ["key", "localCertificate"],
  ["pfx", "localCertificate"],
  ["servername", "serverName"],
  ["requireTls", "requireTLS"],
  ["timeOut", "timeout"],
  ["limit", "limits"],
  ["onerror", "onError"],
])("for %s it suggests %s", (name, similar) => {
  expect(() => checkOptionNames("startTLS", { [name]: 1 }, KNOWN)).toThrow(
    new TypeError(`startTLS: unknown option "${name}" (did you mean "${similar}"?)`),
  );
});

test.each(["x", "bufferSize", "toString", "__proto__x", "a".repeat(10_000)])(
  "for %.20s it suggests nothing",
  (name) => {
    expect(() => checkOptionNames("connect", { [name]: 1 }, KNOWN)).toThrow(
      new TypeError(`connect: unknown option "${name}"`),
    );
  },
);

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
  test("as the value of an option", () => {
    expect(() => checkOptionNames("startTLS", { verifyAuthorities: null }, KNOWN)).toThrow(
      new TypeError("startTLS: the option verifyAuthorities must not be null: omit it to use the default"),
    );
  });

  test.each<[string, unknown]>([
    ["null", null],
    ["number", 5],
    ["string", "fast"],
    ["function", () => {}],
  ])("%s instead of the options", (shown, given) => {
    expect(() => checkOptionNames("startTLS", given as object, KNOWN)).toThrow(
      new TypeError(`startTLS: the options must be an object, not ${shown}`),
    );
  });
});
