/** The addresses of `proxyProtocol.from`, without a server. The list on a server is tested in listen.test.ts. */
import { Socket } from "node:net";
import { expect, test } from "vitest";
import { trustedBalancers } from "../../../src/node/proxy-protocol/options.ts";

/** Returns true if a socket from this address may send a header. */
function isTrusted(from: readonly string[], remoteAddress: string | undefined): boolean {
  const socket = Object.defineProperty(new Socket(), "remoteAddress", { value: remoteAddress });
  return trustedBalancers({ from }, {})(socket);
}

test.each([
  ["10.0.0.1", "10.0.0.1", true],
  ["10.0.0.1", "10.0.0.2", false],
  ["10.0.0.1/32", "10.0.0.1", true],
  ["10.0.0.1/32", "10.0.0.2", false],
  ["0.0.0.0/0", "203.0.113.9", true],
  ["0.0.0.0/0", "2001:db8::1", false],
  ["10.0.0.0/8", "::ffff:10.1.2.3", true],
  ["10.0.0.0/8", "::ffff:11.1.2.3", false],
  ["2001:db8::1/128", "2001:db8::1", true],
  ["2001:db8::1/128", "2001:db8::2", false],
  ["2001:db8::/33", "2001:db8:7fff::1", true],
  ["2001:db8::/33", "2001:db8:8000::1", false],
  ["::/0", "2001:db8::1", true],
  ["fe80::/10", "fe80::1%eth0", true],
  ["fe80::/10", "fec0::1%eth0", false],
  ["unix", undefined, true],
  ["unix", "127.0.0.1", false],
  ["127.0.0.1", undefined, false],
  ["::/0", "not an address", false],
])("with from: [%j] a socket from %j is trusted: %j", (entry, address, expected) => {
  expect(isTrusted([entry], address)).toBe(expected);
  expect(isTrusted(["192.0.2.1", entry, "2001:db8:ffff::/48"], address)).toBe(expected);
});
