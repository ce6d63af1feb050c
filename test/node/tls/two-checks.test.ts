/** The peer's certificate is checked by Node and again by the library: each check is tested without the other. */
import { type DetailedPeerCertificate, Server, TLSSocket } from "node:tls";
import { expect, onTestFinished, test, vi } from "vitest";
import { PeerVerifyError } from "../../../src/core/errors/tls.ts";
import { testCertificates } from "../../support/certificates.ts";
import { failure, socketPair, upgradeBoth } from "./streams.ts";

const { authority, otherAuthority, server, client } = await testCertificates();
const trusted = { verifyAuthorities: [authority] };

/** Records the names of the events of an emitter class, and calls `before` with each event. */
function watch(
  emitter: typeof Server | typeof TLSSocket,
  before: (name: unknown, socket: TLSSocket) => void = () => {},
): unknown[] {
  const names: unknown[] = [];
  const { emit } = emitter.prototype;
  const spy = vi.spyOn(emitter.prototype, "emit").mockImplementation(function (
    this: Server | TLSSocket,
    name: string | symbol,
    ...args: unknown[]
  ) {
    names.push(name);
    before(name, this instanceof TLSSocket ? this : (args[0] as TLSSocket)); // the cast: the argument of secureConnection
    return Reflect.apply(emit, this, [name, ...args]);
  });
  onTestFinished(() => void spy.mockRestore());
  return names;
}

test("Node does not report a client with an untrusted certificate as connected", async () => {
  const names = watch(Server);
  const both = await upgradeBoth(
    await socketPair(),
    { localCertificate: client },
    { localCertificate: server, verifyAuthorities: [otherAuthority] },
  );
  expect(failure(both.server)).toBeInstanceOf(PeerVerifyError);
  expect(names).toContain("tlsClientError");
  expect(names).not.toContain("secureConnection");
});

test("Node does not report a server with an untrusted certificate as connected", async () => {
  const names = watch(TLSSocket);
  const both = await upgradeBoth(
    await socketPair(),
    { verifyAuthorities: [otherAuthority] },
    { localCertificate: server },
  );
  expect(failure(both.client)).toBeInstanceOf(PeerVerifyError);
  expect(names).toContain("error");
  expect(names).not.toContain("secureConnect");
});

test.each<[string, (socket: TLSSocket) => void]>([
  ["is not authorized", notAuthorized],
  [
    "has no certificate",
    (socket) => void vi.spyOn(socket, "getPeerCertificate").mockImplementation(noCertificate),
  ],
])("a server refuses a socket that Node accepted, if it %s", async (_, doubt) => {
  watch(Server, (name, socket) => {
    if (name === "secureConnection") doubt(socket);
  });
  const both = await upgradeBoth(
    await socketPair(),
    { localCertificate: client, ...trusted },
    { localCertificate: server, ...trusted },
  );
  expect(failure(both.server)).toBeInstanceOf(PeerVerifyError);
});

test("a client refuses a socket that Node accepted, if it is not authorized", async () => {
  watch(TLSSocket, (name, socket) => {
    if (name === "secureConnect") notAuthorized(socket);
  });
  const both = await upgradeBoth(await socketPair(), trusted, { localCertificate: server });
  expect(failure(both.client)).toBeInstanceOf(PeerVerifyError);
});

function notAuthorized(socket: TLSSocket): void {
  socket.authorized = false;
}

/** Returns what Node returns for a peer without a certificate. */
function noCertificate(): DetailedPeerCertificate {
  return {} as DetailedPeerCertificate; // the cast: the declared type does not know the empty object
}
