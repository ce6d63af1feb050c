/** A server behind Debian's HAProxy: PROXY headers of a real balancer, StartTLS through it, and its health checks. */
import { readFileSync, writeFileSync } from "node:fs";
import { connect as connectTLS } from "node:tls";
import { Box, command, encodeBox, health, locator } from "ampwire";
import { connect, type ListenOptions, listen, type NodeConnection } from "ampwire/node";
import { expect, onTestFinished, test } from "vitest";
import { testCertificates } from "../support/certificates.ts";
import { describeWithHAProxy, haproxyFor, haproxyWith } from "../support/haproxy.ts";
import { tidy } from "../support/loopback.ts";
import { RawTLS } from "../support/raw-peer.ts";
import { scratchPath } from "../support/tls-side.ts";

const HOST = "127.0.0.1";
const Ping = command("Ping");

const page = readFileSync(new URL("../../docs/many-processes.md", import.meta.url), "utf8");
/** The configuration of the page. */
const CONFIGURATION = /^```haproxy\n(.*?)^```/ms.exec(page)?.[1] ?? "";
/** Its health check. */
const CHECK = CONFIGURATION.split("\n")
  .map((line) => line.trim())
  .filter((line) => line.includes("tcp-check"));

async function served(options: Partial<ListenOptions> = {}) {
  const accepted: NodeConnection[] = [];
  const errors: unknown[] = [];
  const server = await listen({
    host: HOST,
    port: 0,
    proxyProtocol: { from: [HOST] },
    locator: locator(
      Ping.responder(() => {}),
      health(),
    ),
    onConnection: (connection) => void accepted.push(connection),
    onError: (error) => void errors.push(error),
    ...options,
  });
  onTestFinished(() => server.destroy());
  return { server, accepted, errors, at: `${HOST}:${server.address().port}` };
}

describeWithHAProxy("HAProxy", () => {
  test.each([
    ["send-proxy", 1],
    ["send-proxy-v2", 2],
  ])(
    "with %s the server knows the client's address, and StartTLS is verified from end to end",
    async (option, version) => {
      const { authority, server: localCertificate, client: clientCertificate } = await testCertificates();
      const tls = { localCertificate, verifyAuthorities: [authority] };
      const { accepted, errors, at } = await served({ tls, requireTLS: "verified" });
      const { port } = await haproxyFor([`server one ${at} ${option}`]);
      const client = await connect({
        host: HOST,
        port,
        tls: {
          localCertificate: clientCertificate,
          verifyAuthorities: [authority],
          serverName: "calc.example",
        },
      });
      tidy(client);
      await client.startTLS();
      await expect(client.callRemote(Ping)).resolves.toEqual({});
      const [connection] = accepted;
      expect(connection?.remoteAddress).toEqual(client.localAddress);
      expect(connection?.localAddress).toEqual(client.remoteAddress);
      expect(connection?.peerCertificate?.commonName).toBe("client");
      expect(connection?.proxy).toMatchObject({ version, command: "PROXY" });
      expect(connection?.proxy?.tls).toBeUndefined();
      expect(connection?.proxy?.balancer).not.toEqual(connection?.remoteAddress);
      expect(errors).toEqual([]);
    },
  );

  test("a HAProxy that terminates TLS reports it in the header, and the connection is not secure", async () => {
    const { authority, server: certificate, client } = await testCertificates();
    const [crt, ca] = [scratchPath("haproxy.pem"), scratchPath("haproxy-ca.pem")];
    writeFileSync(crt, certificate.toPEMWithKey());
    writeFileSync(ca, authority.toPEM());
    const { accepted, at } = await served();
    const backend = [
      `server one ${at} send-proxy-v2-ssl-cn proxy-v2-options crc32c,authority,unique-id,ssl-cipher`,
    ];
    const { port } = await haproxyFor(backend, `ssl crt ${crt} ca-file ${ca} verify required`);
    const pem = client.toPEMWithKey();
    const tls = connectTLS({
      host: HOST,
      port,
      servername: "calc.example",
      rejectUnauthorized: false,
      cert: pem,
      key: pem,
    });
    const peer = new RawTLS(tls);
    onTestFinished(() => void tls.destroy());
    peer.send({ _ask: "1", _command: "Ping" });
    expect(await peer.box()).toEqual({ _answer: "1" });
    expect(accepted[0]?.proxy).toMatchObject({
      authority: "calc.example",
      tls: {
        protocol: "TLSv1.3",
        commonName: "client",
        clientCertificate: true,
        verified: true,
        cipher: expect.stringMatching(/^TLS_/),
      },
    });
    expect([accepted[0]?.secure, accepted[0]?.tls]).toEqual([false, undefined]);
  });

  test("the checks of HAProxy get the health over a LOCAL header: up while serving, down while not", async () => {
    let serves = true;
    const { accepted, errors, at } = await served({ locator: locator(health(() => serves)) });
    const { reaches } = await haproxyFor([
      ...CHECK,
      `server one ${at} check inter 20 fall 1 rise 1 send-proxy-v2`,
    ]);
    await reaches("one", "UP");
    serves = false;
    await reaches("one", "DOWN");
    serves = true;
    await reaches("one", "UP");
    expect(accepted[0]?.proxy?.command).toBe("LOCAL");
    expect(accepted[0]?.remoteAddress).toEqual(accepted[0]?.proxy?.balancer);
    expect(errors).toEqual([]);
  });

  test("the configuration of the page checks two servers, and distributes connections with verified StartTLS to both", async () => {
    const { authority, server: localCertificate } = await testCertificates();
    const [one, two] = [
      await served({ tls: { localCertificate } }),
      await served({ tls: { localCertificate } }),
    ];
    const { port, reaches } = await haproxyWith(
      CONFIGURATION.replace(":1234", "fd@3")
        .replace("127.0.0.1:1001", one.at)
        .replace("127.0.0.1:1002", two.at)
        .replaceAll("inter 2s", "inter 20"),
    );
    await Promise.all([reaches("one", "UP"), reaches("two", "UP")]);
    for (let i = 0; i < 2; i++) {
      const client = await connect({
        host: HOST,
        port,
        requireTLS: "verified",
        tls: { verifyAuthorities: [authority], serverName: "calc.example" },
      });
      onTestFinished(() => client.destroy()); // not `tidy`: the checks of HAProxy have timers
      await client.startTLS();
      await expect(client.callRemote(Ping)).resolves.toEqual({});
    }
    const proxied = [one, two].map(({ accepted }) =>
      accepted.filter(({ proxy }) => proxy?.command === "PROXY"),
    );
    expect(proxied.map(({ length }) => length)).toEqual([1, 1]);
  });

  test("a server that stops accepting is down for HAProxy", async () => {
    const { server, at } = await served({ proxyProtocol: undefined });
    const { reaches } = await haproxyFor([...CHECK, `server one ${at} check inter 20 fall 1 rise 1`]);
    await reaches("one", "UP");
    const closed = server.close();
    await reaches("one", "DOWN");
    await closed;
  });

  test("a server that requires TLS is checked by the error that it answers in plaintext", async () => {
    const { at } = await served({ proxyProtocol: undefined, requireTLS: true });
    const check = [...CHECK.slice(0, 2), "tcp-check expect binary 00065f6572726f72"];
    const { reaches } = await haproxyFor([...check, `server one ${at} check inter 20 fall 1 rise 1`]);
    await reaches("one", "UP");
  });

  test("HAProxy without send-proxy is refused, and its clients lose their connections", async () => {
    const { at, errors } = await served();
    const { port } = await haproxyFor([`server one ${at}`]);
    const client = await connect({ host: HOST, port });
    await expect(client.callRemote(Ping)).rejects.toThrow();
    expect(errors).toMatchObject([{ code: "INVALID_PROXY_HEADER" }]);
  });
});

test("the page has the health check of HAProxy, in pieces too", () => {
  expect(CHECK).toHaveLength(3);
  const plain = page.replaceAll(/(?<=[0-9a-f]{8,}) (?=[0-9a-f]{4})/g, "");
  for (const bytes of [CHECK[1], CHECK[2]].map((line) => line?.split(" ").at(-1) ?? ""))
    expect(plain.split(bytes)).toHaveLength(3);
});

test("the bytes of the check are an ask for ampwire.Health, and the expected ones are in its answer", () => {
  const hex = (box: Box) => Buffer.from(encodeBox(box)).toString("hex");
  expect(CHECK[1]).toBe(`tcp-check send-binary ${hex(new Box({ _ask: "1", _command: "ampwire.Health" }))}`);
  const expected = CHECK[2]?.split(" ").at(-1) ?? "";
  expect(hex(new Box({ _answer: "1", status: "SERVING" }))).toContain(expected);
  expect(hex(new Box({ _answer: "1", status: "NOT_SERVING" }))).not.toContain(expected);
});
