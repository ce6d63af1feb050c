/** Mutual TLS with a private CA: one client is accepted, and five fail. */
import { command, locator, unicode } from "ampwire";
import { connect, listen, PrivateCertificate } from "ampwire/node";

const WhoAmI = command("WhoAmI", { response: { name: unicode() }, requireTLS: true });

const authority = await PrivateCertificate.authority({ commonName: "Example CA" });
const calc = await authority.issue({ commonName: "calc.example", hostNames: ["calc.example"] });
const alice = await authority.issue({ commonName: "alice" });

const server = await listen({
  host: "127.0.0.1",
  port: 0,
  tls: { localCertificate: calc, verifyAuthorities: [authority] },
  requireTLS: true,
  onError() {}, // the program below prints why a client fails
  locator: locator(
    WhoAmI.responder((_, { connection }) => ({ name: connection.peerCertificate.commonName })),
  ),
});

async function callAs(description, tls) {
  const connection = await connect({ host: "127.0.0.1", port: server.address().port });
  try {
    if (tls !== undefined) await connection.startTLS(tls);
    const { name } = await connection.callRemote(WhoAmI);
    console.log(`${description}: accepted as ${name}, with ${connection.tls.protocol}`);
  } catch (error) {
    console.log(`${description}: ${error.name}`);
  } finally {
    await connection.close();
  }
}

const serverVerified = { verifyAuthorities: [authority], serverName: "calc.example" };
await callAs("alice", { ...serverVerified, localCertificate: alice });

const impostor = await PrivateCertificate.authority({ commonName: "Example CA" }); // the same name, another key
const mallory = await impostor.issue({ commonName: "alice" });
await callAs("mallory, with a certificate of another CA", { ...serverVerified, localCertificate: mallory });
await callAs("a client without a certificate", serverVerified);
await callAs("alice in plaintext", undefined);
await callAs("alice, expecting bank.example", {
  verifyAuthorities: [authority],
  serverName: "bank.example",
  localCertificate: alice,
});
await callAs("alice, trusting another CA", {
  verifyAuthorities: [impostor],
  serverName: "calc.example",
  localCertificate: alice,
});
await server.close();
