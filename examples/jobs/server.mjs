import { readFileSync } from "node:fs";
import { Certificate, listen, PrivateCertificate } from "ampwire/node";
import { jobService } from "./service.mjs";

const read = (file) => readFileSync(file, "utf8");

await listen({
  host: "127.0.0.1",
  port: 4000,
  locator: jobService(),
  tls: {
    localCertificate: PrivateCertificate.loadPEM(read("server.pem")),
    verifyAuthorities: [Certificate.loadPEM(read("authority.pem"))],
  },
  requireTLS: "verified", // refuses every call in plaintext, and clients without a certificate of the CA
});
console.log("listening on port 4000");
