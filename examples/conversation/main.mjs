/**
 * `npm start`: a server and a client talk, first in plaintext, then inside TLS, while somebody listens on the wire.
 * Then the same client talks to a live Twisted, where one is installed.
 */
import { command, float, integer, locator, unicode } from "ampwire";
import { connect, listen, PrivateCertificate } from "ampwire/node";
import { talkToTwisted } from "./twisted.mjs";
import { say, title } from "./voice.mjs";
import { wiretap } from "./wiretap.mjs";

class ZeroDivisionError extends Error {
  name = "ZeroDivisionError";
}

const Sum = command("Sum", {
  arguments: { a: integer(), b: integer() },
  response: { total: integer() },
});
const Divide = command("Divide", {
  arguments: { numerator: integer(), denominator: integer() },
  response: { result: float() },
  errors: { ZERO_DIVISION: ZeroDivisionError },
});
const Greet = command("Greet", {
  arguments: { name: unicode() },
  response: { greeting: unicode() },
  requireTLS: true,
});
const WhoAreYou = command("WhoAreYou", { response: { name: unicode() } });

title("Certificates");
const authority = await PrivateCertificate.authority({ commonName: "Example Authority" });
const serverCertificate = await authority.issue({ commonName: "calc.example", hostNames: ["calc.example"] });
const clientCertificate = await authority.issue({ commonName: "alice" });
for (const certificate of [serverCertificate, clientCertificate]) say("", `made ${certificate}`);

const server = await listen({
  port: 0,
  host: "127.0.0.1",
  tls: { localCertificate: serverCertificate, verifyAuthorities: [authority] },
  locator: locator(
    Sum.responder(({ a, b }) => ({ total: a + b })),
    Divide.responder(({ numerator, denominator }) => {
      if (denominator === 0) throw new ZeroDivisionError("division by zero");
      return { result: numerator / denominator };
    }),
    Greet.responder(async ({ name }, { connection }) => {
      say("server", "asks back: WhoAreYou");
      const { name: own } = await connection.callRemote(WhoAreYou);
      return {
        greeting: `Hello ${name}, whom I know as ${connection.peerCertificate.commonName} and who says ${own}`,
      };
    }),
  ),
});
const tap = await wiretap(server.address().port);
const connection = await connect({
  port: tap.port,
  host: "127.0.0.1",
  locator: locator(WhoAreYou.responder(() => ({ name: "Alice" }))),
});

title("In plaintext");
say("client", "calls Sum { a: 13, b: 81 }");
say("client", "got", await connection.callRemote(Sum, { a: 13, b: 81 }));
say("client", "calls Divide { numerator: 1, denominator: 0 }");
await connection.callRemote(Divide, { numerator: 1, denominator: 0 }).catch((error) => {
  say("client", `caught the class ${error.constructor.name}: ${error.message}`);
});
say("client", "calls Greet, which may not be sent in plaintext");
await connection.callRemote(Greet, { name: "Alice" }).catch((error) => {
  say("client", `caught ${error.name}: ${error.message}`);
});
tap.report();

title("StartTLS");
say(
  "client",
  "asks for TLS: it presents CN=alice, and wants calc.example vouched for by the Example Authority",
);
const upgraded = connection.startTLS({
  localCertificate: clientCertificate,
  verifyAuthorities: [authority],
  serverName: "calc.example",
});
say("client", "calls Sum { a: 1, b: 2 } without waiting: the call is held back");
const held = connection.callRemote(Sum, { a: 1, b: 2 });
await upgraded;
const { protocol, cipher, peerCertificate } = connection.tls;
say("client", `is inside ${protocol} with ${cipher}; the peer is ${peerCertificate}`);
say("client", "got", await held);
tap.report();

title("Inside TLS");
say("client", "calls Greet { name: 'Alice' }");
say("client", "got", await connection.callRemote(Greet, { name: "Alice" }));
tap.report();

await connection.close();
await server.close();
await tap.close();

title("With a live Twisted");
await talkToTwisted({ Sum, Divide, ZeroDivisionError });
