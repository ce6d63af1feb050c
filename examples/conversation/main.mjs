/**
 * `npm start`: a client calls a server, first in plaintext, then inside TLS. A wiretap prints what an eavesdropper sees.
 * If Twisted is installed, the client then calls a Twisted server.
 */
import { command, float, integer, locator, unicode } from "ampwire";
import { connect, listen, PrivateCertificate } from "ampwire/node";
import { say, title } from "./output.mjs";
import { callTwisted } from "./twisted.mjs";
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
const authority = await PrivateCertificate.authority({ commonName: "Example CA" });
const serverCertificate = await authority.issue({ commonName: "calc.example", hostNames: ["calc.example"] });
const clientCertificate = await authority.issue({ commonName: "alice" });
for (const certificate of [serverCertificate, clientCertificate]) say("", `issued ${certificate}`);

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
      say("server", "calls WhoAreYou at the client");
      const { name: own } = await connection.callRemote(WhoAreYou);
      return {
        greeting: `Hello ${name}: your certificate says ${connection.peerCertificate.commonName}, you say ${own}`,
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
say("client", "received", await connection.callRemote(Sum, { a: 13, b: 81 }));
say("client", "calls Divide { numerator: 1, denominator: 0 }");
await connection.callRemote(Divide, { numerator: 1, denominator: 0 }).catch((error) => {
  say("client", `caught the class ${error.constructor.name}: ${error.message}`);
});
say("client", "calls Greet, which requires TLS");
await connection.callRemote(Greet, { name: "Alice" }).catch((error) => {
  say("client", `caught ${error.name}: ${error.message}`);
});
tap.report();

title("StartTLS");
say("client", "calls StartTLS: presents CN=alice, requires a certificate for calc.example from Example CA");
const upgraded = connection.startTLS({
  localCertificate: clientCertificate,
  verifyAuthorities: [authority],
  serverName: "calc.example",
});
say("client", "calls Sum { a: 1, b: 2 } during the upgrade: the call is queued");
const queued = connection.callRemote(Sum, { a: 1, b: 2 });
await upgraded;
const { protocol, cipher, peerCertificate } = connection.tls;
say("client", `uses ${protocol} with ${cipher}; the server's certificate is ${peerCertificate}`);
say("client", "received", await queued);
tap.report();

title("Inside TLS");
say("client", "calls Greet { name: 'Alice' }");
say("client", "received", await connection.callRemote(Greet, { name: "Alice" }));
tap.report();

await connection.close();
await server.close();
await tap.close();

title("With a Twisted server");
await callTwisted({ Sum, Divide, ZeroDivisionError });
