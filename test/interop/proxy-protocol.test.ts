/** PROXY headers between ampwire and Twisted, whose endpoint `haproxy:` is a server that requires them. */
import { Box } from "ampwire";
import { type ConnectOptions, connect, type NodeConnection } from "ampwire/node";
import { expect, onTestFinished, test } from "vitest";
import { testCertificates } from "../support/certificates.ts";
import * as commands from "../support/commands.ts";
import { describeWithHAProxy, haproxyFor } from "../support/haproxy.ts";
import { tidy } from "../support/loopback.ts";
import { describeWithTwisted, type ServerOptions, twistedServer } from "../support/twisted.ts";

const CLIENT = { address: "203.0.113.7", port: 4000, family: "IPv4" } as const;
const ENTRANCE = { address: "198.51.100.1", port: 443, family: "IPv4" } as const;
const CLIENT_6 = { address: "2001:db8::7", port: 4000, family: "IPv6" } as const;
const ENTRANCE_6 = { address: "2001:db8::1", port: 443, family: "IPv6" } as const;

async function twisted(options: ServerOptions = {}): Promise<number> {
  const server = await twistedServer({ haproxy: true, ...options });
  onTestFinished(() => server[Symbol.asyncDispose]());
  if (!("port" in server.address)) throw new Error("the server must listen on a port");
  return server.address.port;
}

async function client(port: number, options: Partial<ConnectOptions>): Promise<NodeConnection> {
  const connection = await connect({ host: "127.0.0.1", port, ...options } as ConnectOptions);
  tidy(connection);
  return connection;
}

async function addresses(connection: NodeConnection): Promise<unknown> {
  const box = await connection.callRemoteString("Addresses", new Box());
  return [box.text("peer"), box.text("host")];
}

describeWithTwisted("Twisted's endpoint haproxy:", () => {
  test("Twisted knows the addresses that connect sends, in both versions", async () => {
    const port = await twisted();
    for (const version of [1, 2] as const) {
      const four = await client(port, { proxyProtocol: { version, source: CLIENT, destination: ENTRANCE } });
      expect(await addresses(four)).toEqual(["203.0.113.7 4000", "198.51.100.1 443"]);
      const six = await client(port, {
        proxyProtocol: { version, source: CLIENT_6, destination: ENTRANCE_6 },
      });
      const [peer = "", host = ""] = (await addresses(six)) as string[];
      // Twisted writes all groups of an address of version 2.
      expect(peer).toMatch(/^2001:0?db8:(:|(0+:)+0*)7 4000$/);
      expect(host).toMatch(/^2001:0?db8:(:|(0+:)+0*)1 443$/);
    }
  });

  test("Twisted accepts the header of a health check, and knows the address of the socket", async () => {
    const port = await twisted();
    for (const version of [1, 2] as const) {
      const connection = await client(port, { proxyProtocol: { version } });
      const { address, port: local } = connection.localAddress as typeof CLIENT;
      expect(await addresses(connection)).toEqual([`${address} ${local}`, `127.0.0.1 ${port}`]);
    }
  });

  test("StartTLS to Twisted follows the PROXY header", async () => {
    const { authority, server: certificate } = await testCertificates();
    const port = await twisted({ certificate });
    const connection = await client(port, {
      proxyProtocol: { source: CLIENT, destination: ENTRANCE },
      tls: { verifyAuthorities: [authority], serverName: "calc.example" },
      requireTLS: "verified",
    });
    await connection.startTLS();
    await expect(connection.callRemote(commands.Sum, { a: 13n, b: 81n })).resolves.toEqual({ total: 94n });
  });

  test("Twisted closes the connection of a client without a header", async () => {
    const connection = await client(await twisted(), {});
    await expect(connection.callRemote(commands.Sum, { a: 13n, b: 81n })).rejects.toThrow();
  });
});

describeWithHAProxy("HAProxy between ampwire and Twisted", () => {
  describeWithTwisted("in both versions", () => {
    test("Twisted behind HAProxy knows the address of the client", async () => {
      const at = await twisted();
      for (const option of ["send-proxy", "send-proxy-v2"]) {
        const { port } = await haproxyFor([`server one 127.0.0.1:${at} ${option}`]);
        const connection = await client(port, {});
        const { port: local } = connection.localAddress as typeof CLIENT;
        expect(await addresses(connection)).toEqual([`127.0.0.1 ${local}`, `127.0.0.1 ${port}`]);
      }
    });
  });
});
