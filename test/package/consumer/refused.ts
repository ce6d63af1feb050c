/**
 * Code that must not compile. Each line after an `@ts-expect-error` is invalid: without the directives, every version
 * of TypeScript must report exactly these lines.
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
  // @ts-expect-error an argument is a string
  await connection.callRemote(Sum, { a: 1, b: "2" });
  // @ts-expect-error there is no such argument
  await connection.callRemote(Sum, { a: 1, b: 2, c: 3 });
  // @ts-expect-error the argument of the extension is missing
  await connection.callRemote(Scaled, { a: 1, b: 2 });
  // @ts-expect-error the optional argument is a string
  await connection.callRemote(Loose, { text: 1 });
  // @ts-expect-error the response has no such value
  (await connection.callRemote(Sum, { a: 1, b: 2 })).sum;
  // @ts-expect-error there is no such option
  await connection.callRemote(Sum, { a: 1, b: 2 }, { timeOut: 1 });
  // @ts-expect-error a certificate is not a string
  await connection.callRemote(StartTLS, { tls_localCertificate: "-----BEGIN CERTIFICATE-----" });
  // @ts-expect-error authorities are an array
  await node.startTLS({ verifyAuthorities: PrivateCertificate.loadPEM("") });
}

export const wrongLocator = locator(
  // @ts-expect-error a responder returns the response
  Sum.responder(() => ({ sum: 1 })),
);

export class Calculator {
  // @ts-expect-error the decorated method expects another type
  @Sum.responder
  sum({ a }: { a: string }) {
    return { total: a.length };
  }
}

export async function entryPoints(): Promise<void> {
  // @ts-expect-error a port is a number
  await connect({ port: "1234", host: "127.0.0.1" });
  // @ts-expect-error the maximum of queued calls is a number
  reconnecting({ port: 1234, queue: { maxCalls: true } });
  // @ts-expect-error TLS is chosen by the URL
  await connectWebSocket("wss://example.com", { tls: {} });
  // @ts-expect-error a number is not a locator
  connectedPair({ locator: 1 });
}

// @ts-expect-error errors are classes
export const Bad = command("Bad", { errors: { BAD: "Bad" } });
