/** Decodes every AMP connection in a capture file. */
import { Failure } from "../../cli-error.ts";
import type { Terminal } from "../../print/terminal.ts";
import { jsonRecord } from "../../print/values.ts";
import { MAX_VALUE_CHARACTERS } from "../../traffic/limits.ts";
import { meaningFields } from "../../traffic/line.ts";
import type { Commands } from "../../traffic/pairing.ts";
import { boxLine } from "../../traffic/printing.ts";
import type { ByteSource } from "./byte-source.ts";
import { type CapturedBox, CapturedConnection } from "./connection.ts";
import { packets } from "./file.ts";
import { segmentOf } from "./segment.ts";

/** @throws Failure if the capture contains no AMP, or if an AMP connection stops being AMP */
export async function decodeCapture(file: ByteSource, commands: Commands, terminal: Terminal): Promise<void> {
  const connections = new Set<CapturedConnection>();
  /** Connections by their two addresses. Ports are reused, so a SYN begins a new connection. */
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
    for (const found of connection.read(segment, time)) print(found, terminal);
    await terminal.drained();
  }
  conclude([...connections], terminal);
}

function print({ time, from, to, offset, length, box, meaning }: CapturedBox, terminal: Terminal): void {
  if (terminal.json) {
    const when = time === undefined ? {} : { time: Number(time.toFixed(3)) };
    const about = { ...when, from, to, offset, length };
    terminal.printJSON({ ...about, box: jsonRecord(box), ...meaningFields(box, meaning) });
    return;
  }
  const { style } = terminal;
  const when = time === undefined ? "" : `${(time / 1000).toFixed(6)} `;
  const head = style.dim(`${when}${from} > ${to} @${offset}`);
  terminal.print(`${head} ${boxLine({ box, meaning }, { style, longest: MAX_VALUE_CHARACTERS })}`);
}

/** Reports missing bytes, unanswered asks, and connections that stop being AMP. */
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
      terminal.note(`unanswered: ${connection.unanswered.join(", ")}`);
    }
  }
  if (broken !== undefined) throw broken;
  if (connections.some(({ isAMP }) => isAMP)) return;
  throw new Failure("the capture contains no AMP", "check that it is not TLS from the first byte", {
    code: "NOT_AMP",
  });
}
