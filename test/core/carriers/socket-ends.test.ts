/** The addresses of a TCP socket, from the properties that a socket of Node has. */
import { expect, test } from "vitest";
import { localAddressOf, remoteAddressOf } from "../../../src/core/carriers/socket-ends.ts";

const local = { localAddress: "127.0.0.1", localPort: 5, localFamily: "IPv4" };
const remote = { remoteAddress: "::1", remotePort: 0, remoteFamily: "IPv6" };

test("a TCP socket has the address of each end", () => {
  const socket = { ...local, ...remote };
  expect(localAddressOf(socket)).toEqual({ address: "127.0.0.1", port: 5, family: "IPv4" });
  expect(remoteAddressOf(socket)).toEqual({ address: "::1", port: 0, family: "IPv6" });
});

test("a socket without an address or without a port has none, and without a family that of IPv4", () => {
  expect(localAddressOf(remote)).toBeUndefined();
  expect(remoteAddressOf(local)).toBeUndefined();
  expect(remoteAddressOf({ ...remote, remotePort: undefined })).toBeUndefined();
  expect(remoteAddressOf({ ...remote, remoteAddress: undefined })).toBeUndefined();
  expect(localAddressOf({ ...local, localFamily: undefined })).toMatchObject({ family: "IPv4" });
});
