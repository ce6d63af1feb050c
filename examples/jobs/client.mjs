import { readFileSync } from "node:fs";
import { locator } from "ampwire";
import { Certificate, PrivateCertificate, reconnecting } from "ampwire/node";
import { Progress, Result, Submit } from "./commands.mjs";

const read = (file) => readFileSync(file, "utf8");

const client = reconnecting({
  host: "127.0.0.1",
  port: 4000,
  locator: locator(Progress.responder(({ percent }) => console.log(`${percent} %`))),
  requireTLS: "verified",
  startTLS: {
    localCertificate: PrivateCertificate.loadPEM(read("alice.pem")),
    verifyAuthorities: [Certificate.loadPEM(read("authority.pem"))],
    serverName: "jobs.example",
  },
  backoff: { initial: 100, max: 1_000 }, // milliseconds between two attempts
  onStateChange: ({ state }) => {
    if (state === "connected") console.log("connected");
  },
});
console.log("submitting a job");
const { job } = await client.callRemote(Submit, { limit: 100_000 });
const { primes } = await client.callRemote(Result, { job });
console.log(`${primes} primes below 100000`);
await client.close();
