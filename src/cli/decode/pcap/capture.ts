/** A capture file: every AMP conversation in it. */
import { Failure } from "../../cli-error.ts";
import type { Terminal } from "../../print/terminal.ts";
import { jsonRecord } from "../../print/values.ts";
import { understood } from "../../proxy/line.ts";
import type { Commands } from "../../proxy/pairing.ts";
import { boxLine } from "../../proxy/printing.ts";
import { LONGEST_VALUE } from "../limits.ts";
import type { ByteSource } from "./byte-source.ts";
import { CapturedConnection, type Seen } from "./connection.ts";
import { packets } from "./file.ts";
import { segmentOf } from "./segment.ts";

/** @throws Failure when there is no AMP in it, or a conversation that was AMP breaks off */
export async function decodeCapture(file: ByteSource, commands: Commands, terminal: Terminal): Promise<void> {
  const connections = new Set<CapturedConnection>();
  /** By both addresses. Ports are used again: a connection begins where a SYN says so. */
  const current = new Map<string, CapturedConnection>();
  let start: number | undefined;
  for await (const packet of packets(file)) {
    const segment = segmentOf(packet);
    if (segment === undefined) continue;
    start ??= segment.time;
    const time = segment.time === undefined || start === undefined ? undefined : segment.time - start;
    const key = [segment.from, segment.to].sort().join(" ");
    let connection = current.get(key);
    if (connection === undefined || (segment.syn && !segment.ack)) {
      connection = new CapturedConnection(segment, commands);
      current.set(key, connection);
      connections.add(connection);
    }
    for (const seen of connection.hear(segment, time)) print(seen, terminal);
    await terminal.drained();
  }
  conclude([...connections], terminal);
}

function print({ time, from, to, offset, length, box, meaning }: Seen, terminal: Terminal): void {
  if (terminal.json) {
    const when = time === undefined ? {} : { time: Number(time.toFixed(3)) };
    const about = { ...when, from, to, offset, length };
    terminal.sayJSON({ ...about, box: jsonRecord(box), ...understood(box, meaning) });
    return;
  }
  const { paint } = terminal;
  const when = time === undefined ? "" : `${(time / 1000).toFixed(6)} `;
  const head = paint.dim(`${when}${from} > ${to} @${offset}`);
  terminal.say(`${head} ${boxLine({ box, meaning }, { paint, longest: LONGEST_VALUE })}`);
}

/** What is missing, what was not answered, and where a conversation stops being AMP. */
function conclude(connections: readonly CapturedConnection[], terminal: Terminal): void {
  let broken: Failure | undefined;
  for (const connection of connections) {
    for (const { from, to, missing, stops } of connection.endings()) {
      const way = `${from} > ${to}`;
      if (missing > 0) terminal.note(`${way}: ${missing} bytes are not in the capture`);
      if (stops === undefined) continue;
      if (connection.isAMP && !stops.tls) {
        broken ??= new Failure(`${way}: ${stops.message}`, stops.hint, { code: "NOT_AMP" });
      } else {
        terminal.note(`${way}: ${stops.tls ? `TLS from byte ${stops.offset} on` : stops.message}`);
      }
    }
    if (connection.unanswered.length > 0) {
      terminal.note(`not answered: ${connection.unanswered.join(", ")}`);
    }
  }
  if (broken !== undefined) throw broken;
  if (connections.some(({ isAMP }) => isAMP)) return;
  throw new Failure("there is no AMP in this capture", "was it TLS from the first byte?", {
    code: "NOT_AMP",
  });
}
