/**
 * What must not compile. Each line after an `@ts-expect-error` is wrong: with the directives taken out, every version of
 * TypeScript has to complain about just these lines.
 */
import { type AmpConnection, command, integer, locator, optional, StartTLS, unicode } from "ampwire";
import { connect, type NodeConnection, PrivateCertificate, reconnecting } from "ampwire/node";
import { connectedPair } from "ampwire/testing";
import { connect as connectWebSocket } from "ampwire/websocket";

const Sum = command("Sum", { arguments: { a: integer(), b: integer() }, response: { total: integer() } });
const Loose = command("Loose", { arguments: { text: optional(unicode()) } });
const Scaled = Sum.extend("Scaled", { arguments: { unit: unicode() } });

export async function calls(connection: AmpConnection, node: NodeConnection): Promise<void> {
  // @ts-expect-error an argument is missing
  await connection.callRemote(Sum, { a: 1 });
  // @ts-expect-error an argument is text
  await connection.callRemote(Sum, { a: 1, b: "2" });
  // @ts-expect-error there is no such argument
  await connection.callRemote(Sum, { a: 1, b: 2, c: 3 });
  // @ts-expect-error the extension has an argument of its own
  await connection.callRemote(Scaled, { a: 1, b: 2 });
  // @ts-expect-error the optional argument is text
  await connection.callRemote(Loose, { text: 1 });
  // @ts-expect-error the response has no such value
  (await connection.callRemote(Sum, { a: 1, b: 2 })).sum;
  // @ts-expect-error no such option
  await connection.callRemote(Sum, { a: 1, b: 2 }, { timeOut: 1 });
  // @ts-expect-error a certificate is no text
  await connection.callRemote(StartTLS, { tls_localCertificate: "-----BEGIN CERTIFICATE-----" });
  // @ts-expect-error authorities are a list
  await node.startTLS({ verifyAuthorities: PrivateCertificate.loadPEM("") });
}

export const wrongLocator = locator(
  // @ts-expect-error a responder answers with the response
  Sum.responder(() => ({ sum: 1 })),
);

export class Calculator {
  // @ts-expect-error the decorated method wants another type
  @Sum.responder
  sum({ a }: { a: string }) {
    return { total: a.length };
  }
}

export async function doors(): Promise<void> {
  // @ts-expect-error a port is a number
  await connect({ port: "1234", host: "127.0.0.1" });
  // @ts-expect-error calls that wait are bounded by number
  reconnecting({ port: 1234, queue: { maxCalls: true } });
  // @ts-expect-error TLS is the URL's matter
  await connectWebSocket("wss://example.com", { tls: {} });
  // @ts-expect-error a connection is no locator
  connectedPair({ locator: 1 });
}

// @ts-expect-error errors are classes
export const Bad = command("Bad", { errors: { BAD: "Bad" } });
