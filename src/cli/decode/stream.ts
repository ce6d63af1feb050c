/** One direction of a conversation: boxes, with where each begins. */
import { type Box, BoxReader } from "../../index.ts";
import { Failure } from "../cli-error.ts";
import type { Terminal } from "../print/terminal.ts";
import { jsonRecord } from "../print/values.ts";
import { understood } from "../proxy/line.ts";
import { type Commands, Pairing } from "../proxy/pairing.ts";
import { boxLine } from "../proxy/printing.ts";
import { diagnose } from "./diagnose.ts";
import type { Bytes } from "./input.ts";
import { LIMITS, LONGEST_VALUE } from "./limits.ts";

/** @throws Failure where the stream stops being AMP: what came before has been printed */
export async function decodeStream(bytes: Bytes, commands: Commands, terminal: Terminal): Promise<void> {
  const reader = new BoxReader(LIMITS);
  for await (const chunk of bytes) {
    reader.push(chunk);
    for (;;) {
      const offset = reader.offset;
      const box = nextOrFail(reader);
      if (box === undefined) break;
      print(box, offset, reader.offset - offset, commands, terminal);
      await terminal.drained();
    }
  }
  failUnlessWhole(reader);
}

function print(box: Box, offset: number, length: number, commands: Commands, terminal: Terminal): void {
  // A fresh one for each box: one side alone has nothing to pair, and its asks would be kept for ever.
  const meaning = new Pairing(commands, () => 0).passed("client", box);
  if (terminal.json) {
    terminal.sayJSON({ offset, length, box: jsonRecord(box), ...understood(box, meaning) });
    return;
  }
  const options = { paint: terminal.paint, longest: LONGEST_VALUE, oneSided: true };
  terminal.say(`${terminal.paint.dim(`@${offset}`)} ${boxLine({ box, meaning }, options)}`);
}

function nextOrFail(reader: BoxReader): Box | undefined {
  try {
    return reader.next();
  } catch (error) {
    failUnlessWhole(reader);
    throw error; // over our own limits: the reader says so itself
  }
}

function failUnlessWhole(reader: BoxReader): void {
  const { offset } = reader;
  const found = diagnose(reader.takeRest(), offset);
  if (found !== undefined) throw new Failure(found.message, found.hint, { code: "NOT_AMP" });
}
