/** A DNS server on the loopback interface that answers questions for SRV records. */
import { createSocket } from "node:dgram";
import { Resolver } from "node:dns/promises";
import { once } from "node:events";
import { onTestFinished } from "vitest";

export interface SrvData {
  readonly priority: number;
  readonly weight: number;
  readonly port: number;
  readonly target: string;
}

const SRV = 33;
const NXDOMAIN = 3;
const HEADER_BYTES = 12;

/** Starts a server that has these records, which a test may change. Returns a resolver that asks it. */
export async function dnsServer(records: Map<string, readonly SrvData[]>): Promise<Resolver> {
  const socket = createSocket("udp4");
  socket.on("message", (question, { port, address }) => {
    socket.send(answer(question, records), port, address);
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  onTestFinished(() => void socket.close());
  const resolver = new Resolver({ timeout: 1_000, tries: 2 });
  resolver.setServers([`127.0.0.1:${socket.address().port}`]);
  return resolver;
}

function answer(question: Buffer, records: ReadonlyMap<string, readonly SrvData[]>): Buffer {
  const labels: string[] = [];
  let at = HEADER_BYTES;
  for (let length = question.readUInt8(at); length > 0; length = question.readUInt8(at)) {
    labels.push(question.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  const asked = question.subarray(HEADER_BYTES, at + 5); // the name's end, the type and the class
  const found = records.get(labels.join(".")) ?? [];
  const header = Buffer.from(question.subarray(0, HEADER_BYTES));
  header.writeUInt16BE(0x8580 | (found.length === 0 ? NXDOMAIN : 0), 2); // an authoritative answer
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(found.length, 6);
  header.writeUInt32BE(0, 8); // no further sections
  return Buffer.concat([header, asked, ...found.map(recordBytes)]);
}

function recordBytes({ priority, weight, port, target }: SrvData): Buffer {
  const name = Buffer.concat([
    ...target
      .split(".")
      .filter((label) => label !== "")
      .map((label) => Buffer.from([label.length, ...Buffer.from(label)])),
    Buffer.from([0]),
  ]);
  const head = Buffer.alloc(18);
  head.writeUInt16BE(0xc000 | HEADER_BYTES, 0); // a pointer to the name in the question
  head.writeUInt16BE(SRV, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt32BE(60, 6); // time to live
  head.writeUInt16BE(6 + name.length, 10);
  head.writeUInt16BE(priority, 12);
  head.writeUInt16BE(weight, 14);
  head.writeUInt16BE(port, 16);
  return Buffer.concat([head, name]);
}
