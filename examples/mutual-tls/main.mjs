/** Mutual TLS: server and clients vouched for by an authority of one's own, and who is refused. */
import { command, locator, unicode } from "ampwire";
import { connect, listen, PrivateCertificate } from "ampwire/node";

const WhoAmI = command("WhoAmI", { response: { name: unicode() }, requireTLS: true });

const authority = await PrivateCertificate.authority({ commonName: "Our Authority" });
const calc = await authority.issue({ commonName: "calc.example", hostNames: ["calc.example"] });
const alice = await authority.issue({ commonName: "alice" });

const server = await listen({
  host: "127.0.0.1",
  port: 0,
  tls: { localCertificate: calc, verifyAuthorities: [authority] },
  requireTLS: true,
  locator: locator(
    WhoAmI.responder((_, { connection }) => ({ name: connection.peerCertificate.commonName })),
  ),
});

async function ask(who, tls) {
  const connection = await connect({ host: "127.0.0.1", port: server.address().port });
  try {
    if (tls !== undefined) await connection.startTLS(tls);
    const { name } = await connection.callRemote(WhoAmI);
    console.log(`${who}: the server knows me as ${name}, by ${connection.tls.protocol}`);
  } catch (error) {
    console.log(`${who}: ${error.name}`);
  } finally {
    await connection.close();
  }
}

const trusting = { verifyAuthorities: [authority], serverName: "calc.example" };
await ask("alice", { ...trusting, localCertificate: alice });

const impostor = await PrivateCertificate.authority({ commonName: "Our Authority" }); // the same name, another key
const mallory = await impostor.issue({ commonName: "alice" });
await ask("mallory, with a certificate of her own making", { ...trusting, localCertificate: mallory });
await ask("nobody, without a certificate", trusting);
await ask("alice in plaintext", undefined);
await ask("alice, looking for bank.example", {
  verifyAuthorities: [authority],
  serverName: "bank.example",
  localCertificate: alice,
});
await ask("alice, who trusts another authority", {
  verifyAuthorities: [impostor],
  serverName: "calc.example",
  localCertificate: alice,
});
await server.close();
