/** An unmodified Twisted client at an edge: inside verified StartTLS, with calls, errors, calls back and topics. */
import { command, locator, unicode } from "ampwire";
import { edge, natsPeer, serve, topic } from "ampwire/nats";
import { listen } from "ampwire/node";
import { describe, expect, test } from "vitest";
import { Divide, News, Secret, Sum, WhoAmI, YourName, ZeroDivision } from "../nats/support/commands.ts";
import { testCertificates } from "../support/certificates.ts";
import { connectNats, describeWithNats, NatsServer } from "../support/nats-server.ts";
import { certificateFile } from "../support/tls-side.ts";
import { describeWithTwisted, TwistedPeer } from "../support/twisted.ts";

const Join = command("Join", { arguments: { topic: unicode() } });

describeWithTwisted("a Twisted client", () => {
  describe("at an edge", () => {
    describeWithNats("with a real NATS server", () => {
      test("a Twisted client inside verified StartTLS calls workers, is called back, and gets the events of its topic", async () => {
        const known = await testCertificates();
        const server = await NatsServer.start();
        for (let i = 0; i < 2; i++)
          await serve(await connectNats(server), {
            service: "calc",
            locator: locator(
              Sum.responder(({ a, b }) => ({ total: a + b })),
              Divide.responder(() => {
                throw new ZeroDivision("cannot divide by zero");
              }),
              Secret.responder(() => ({ text: "for TLS only" })),
              WhoAmI.responder(async (_, { connection }) => {
                const { name } = await connection.callRemote(YourName);
                const { peerCertificate, tls, remoteAddress } = connection;
                const address = typeof remoteAddress === "object" ? remoteAddress.address : remoteAddress;
                return { text: `${name}, ${peerCertificate?.commonName}, ${tls?.verified}, ${address}` };
              }),
              Join.responder(({ topic: name }, { connection }) => natsPeer(connection).join(name)),
            ),
          });
        const front = await edge(await connectNats(server), {
          service: "calc",
          commands: [Sum, Divide, Secret, WhoAmI, Join],
        });
        const amp = await listen({
          port: 0,
          host: "127.0.0.1",
          tls: { localCertificate: known.server, verifyAuthorities: [known.authority] },
          locator: front.locator,
          onConnection: front.accept,
        });
        const peer = new TwistedPeer(
          [
            `--port=${amp.address().port}`,
            `--cert=${certificateFile([known.client])}`,
            `--ca=${certificateFile([known.authority])}`,
          ],
          "edge_client.py",
        );
        expect(await peer.next<object>(), peer.complaints).toEqual({ joined: true });
        const nats = await connectNats(server);
        topic(nats, { service: "calc", topic: "sport" }).callRemote(News, { text: "goal" });
        const weather = topic(nats, { service: "calc", topic: "weather" });
        for (const text of ["rain", "sun", "snow"]) weather.callRemote(News, { text });
        // Twisted erases the error codes that a command does not declare.
        expect(await peer.next<object>(), peer.complaints).toEqual({
          "secret in plaintext": "UNKNOWN",
          sums: Array.from({ length: 50 }, (_, n) => n + 1),
          division: "ZeroDivision: cannot divide by zero",
          "secret in TLS": "for TLS only",
          "who am I": "Twisted, client, true, 127.0.0.1",
          events: ["rain", "sun", "snow"],
        });
        await peer.end();
        await amp.close();
        await front.close();
      });
    });
  });
});
