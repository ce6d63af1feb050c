/** TLS bytes that arrive together with AMP's: a TLS server that asked passes them to its TLS engine. */
import { once } from "node:events";
import { expect, test } from "vitest";
import { testCertificates } from "../../support/certificates.ts";
import { editedClient } from "../../support/edited-tls.ts";
import { arrived, attached, ours } from "../../support/loopback.ts";
import { ANS, bytesOf, RawTLS, STLS } from "../../support/raw-peer.ts";
import { Mark } from "../../support/witness.ts";

const { server: localCertificate } = await testCertificates();
const tls = { localCertificate };
const answer = bytesOf(ANS);

test("case 7: the answer and the ClientHello in one segment start TLS", async () => {
  const { connection, peer } = await ours("server", { tls });
  const upgrade = connection.startTLS();
  const called = connection.callRemote(Mark, { text: "held" });
  expect(await peer.box()).toEqual(STLS);
  const socket = editedClient(peer, (bytes, index) => peer.send(index === 0 ? answer : Buffer.of(), bytes));
  await Promise.all([upgrade, once(socket, "secureConnect")]);
  const inside = new RawTLS(socket);
  expect(await inside.box()).toEqual({ _ask: "2", _command: "Mark", text: "held" });
  inside.send({ _answer: "2", text: "here" });
  expect(await called).toEqual({ text: "here" });
});

test("case 7: the answer and the ClientHello, split at any byte, start TLS", async () => {
  let length = answer.length + 1;
  for (let cut = 1; cut < length; cut++) {
    const { connection, peer, socket } = await attached("server", { tls });
    const upgrade = connection.startTLS();
    await peer.box();
    editedClient(peer, async (bytes, index) => {
      if (index > 0) return peer.send(bytes);
      const whole = Buffer.concat([answer, bytes]);
      length = whole.length;
      peer.send(whole.subarray(0, cut));
      await arrived(socket, cut);
      peer.send(whole.subarray(cut));
    });
    await upgrade;
    connection.destroy();
  }
  expect(length).toBeGreaterThan(200);
});
