/**
 * Upgrades a connection with certificates from PEM, and prints whether `reflect-metadata` has changed the global `Reflect`: before
 * and after a certificate is created. `node metadata.mjs` reads `{ host, authority }` from standard input.
 */
import { text } from "node:stream/consumers";
import { Certificate, connect, listen, PrivateCertificate } from "ampwire/node";

const pem = JSON.parse(await text(process.stdin));
const authority = Certificate.loadPEM(pem.authority);
const server = await listen({
  host: "127.0.0.1",
  port: 0,
  tls: { localCertificate: PrivateCertificate.loadPEM(pem.host) },
});
const address = server.address();
if (typeof address === "string") throw new Error("the server has no port");
const client = await connect({ host: "127.0.0.1", port: address.port });
await client.startTLS({ verifyAuthorities: [authority], serverName: "localhost" });
const before = "getMetadata" in Reflect;
await client.close();
await server.close();
await PrivateCertificate.selfSigned({ commonName: "localhost" });
console.log(JSON.stringify({ before, after: "getMetadata" in Reflect }));
