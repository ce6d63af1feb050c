/** Decodes one direction of a connection to boxes with offsets. */
import { BoxReader } from "../../index.ts";
import { Failure } from "../cli-error.ts";
import type { Terminal } from "../print/terminal.ts";
import { jsonRecord } from "../print/values.ts";
import { DECODE_LIMITS, MAX_VALUE_CHARACTERS } from "../traffic/limits.ts";
import { meaningFields } from "../traffic/line.ts";
import { type Commands, Pairing } from "../traffic/pairing.ts";
import { boxLine } from "../traffic/printing.ts";
import { type ReadBox, readBox } from "../traffic/read-box.ts";
import { diagnose } from "./diagnose.ts";
import type { Bytes } from "./input.ts";

/** @throws Failure if the stream stops being AMP, after the boxes before that are printed */
export async function decodeStream(bytes: Bytes, commands: Commands, terminal: Terminal): Promise<void> {
  const reader = new BoxReader(DECODE_LIMITS);
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

function print(
  { box, repeated }: ReadBox,
  offset: number,
  length: number,
  commands: Commands,
  terminal: Terminal,
): void {
  // One pairing for each box: with one direction there are no pairs, and a shared pairing would keep every ask.
  const meaning = new Pairing(commands, () => 0).interpret("client", box);
  if (terminal.json) {
    terminal.printJSON({ offset, length, box: jsonRecord(box), ...meaningFields(box, meaning, repeated) });
    return;
  }
  const options = { style: terminal.style, longest: MAX_VALUE_CHARACTERS, oneSided: true };
  terminal.print(`${terminal.style.dim(`@${offset}`)} ${boxLine({ box, meaning, repeated }, options)}`);
}

function nextOrFail(reader: BoxReader): ReadBox | undefined {
  try {
    return readBox(reader);
  } catch (error) {
    failUnlessWhole(reader);
    throw error; // a box over DECODE_LIMITS
  }
}

function failUnlessWhole(reader: BoxReader): void {
  const { offset } = reader;
  const found = diagnose(reader.takeRest(), offset);
  if (found !== undefined) throw new Failure(found.message, found.hint, { code: "NOT_AMP" });
}
