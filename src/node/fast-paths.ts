/** Fast paths of connections on Node: generated code for frequent boxes, and expected boxes that are found by name. */
import type { ConnectionKernel } from "../core/connection/kernel.ts";
import { keyPattern } from "../core/wire/box-writer.ts";
import type { ExpectedBox } from "../core/wire/expected-box.ts";
import {
  type FastFields,
  type FastPaths,
  type FastTemplate,
  type FastWrite,
  rowPaths,
  setRowPaths,
} from "../core/wire/fast-paths.ts";
import type { Frame } from "../core/wire/frame.ts";
import { textToKey } from "../core/wire/key-text.ts";
import { expectedBoxOf, scanExpected } from "../core/wire/prediction.ts";
import { ANSWER, ASK, COMMAND } from "../core/wire/protocol-keys.ts";
import { generateReader } from "./generated-code/reader.ts";
import { readTag } from "./generated-code/tags.ts";
import { generateWriter } from "./generated-code/writer.ts";

/** Boxes of one kind after which code is generated for it: before, it would cost more than it saves. */
const FREQUENT = 200;
/** Maximum number of pieces of code in a process, each of 5 to 20 kB: a program may create commands without end. */
const MAX_PIECES = 512;
/** Boxes with more fields are left to the loops: their code would be too long for V8 to optimise. */
const MAX_FIELDS = 64;
/** Maximum number of commands whose asks are found by name. */
const MAX_NAMES = 1024;

const LENGTH_BYTES = 2;
const WORD_BYTES = 4;

/** Generates code until there is enough, or the process forbids it. All connections share one. */
export class CodeGenerator {
  /** Number of boxes of one kind after which code is generated for it. */
  readonly frequent: number;
  #piecesLeft: number;
  /** The error that has ended the generation of code. */
  failure: unknown;

  constructor(frequent = FREQUENT, maxPieces = MAX_PIECES) {
    this.frequent = frequent;
    this.#piecesLeft = maxPieces;
  }

  /** Returns code for boxes with these fields; undefined if they are left to the loops. */
  generate<Code>({ fields }: FastFields, code: () => Code): Code | undefined {
    if (this.#piecesLeft === 0 || fields.length > MAX_FIELDS) return undefined;
    if (fields.some(({ shadowed, spread }) => shadowed || spread !== undefined)) return undefined;
    this.#piecesLeft--;
    try {
      return code();
    } catch (error) {
      // `--disallow-code-generation-from-strings`, or a hardened environment such as SES.
      this.#piecesLeft = 0;
      this.failure = error;
      return undefined;
    }
  }
}

/** Expected asks by a hash of their names. If several have the same hash, the last one is found. */
const asks = new Map<number, ExpectedBox>();
const askKey = keyPattern(ASK);
const answerKey = keyPattern(ANSWER);
const commandKey = keyPattern(COMMAND);

export class NodeFastPaths implements FastPaths {
  /** Undefined if a program forbids generated code for the connection. */
  readonly #generator: CodeGenerator | undefined;

  constructor(generator: CodeGenerator | undefined) {
    this.#generator = generator;
  }

  writerOf(template: FastTemplate): FastWrite | undefined {
    const generator = this.#generator;
    if (generator === undefined) return undefined;
    if (template.fastWrite === undefined && ++template.uses === generator.frequent)
      generateFastWrite(generator, template);
    return template.fastWrite;
  }

  scan(frame: Frame, end: number, maxKeys: number): boolean {
    if (rowPaths !== this) setRowPaths(this);
    const last = frame.expected;
    if (last === undefined) return this.#scanByName(frame, undefined, undefined, end, maxKeys);
    // The cheapest guess, and right if one command is called again and again, or several in turn.
    const guess = last.next ?? last;
    if (this.#scanAs(frame, guess, end, maxKeys) === false)
      return this.#scanByName(frame, last, guess, end, maxKeys);
    if (guess !== last) frame.expected = guess;
    return true;
  }

  /** @param refuted an expected box that this box does not equal */
  #scanByName(
    frame: Frame,
    last: ExpectedBox | undefined,
    refuted: ExpectedBox | undefined,
    end: number,
    maxKeys: number,
  ): boolean {
    const { bytes, start } = frame;
    const found = find(frame, start, end);
    if (found === undefined || found === refuted) return false;
    // Only boxes with code, of which there is a limited number: each keeps the next one alive.
    if (last?.fastReader !== undefined && found.fastReader !== undefined) last.next = found;
    frame.clear(bytes, start);
    frame.expected = found;
    return this.#scanAs(frame, found, end, maxKeys);
  }

  expect(template: FastTemplate): ExpectedBox | undefined {
    return expectedBoxOf(template);
  }

  readTag(bytes: Uint8Array, view: DataView, start: number, end: number): number {
    return readTag(bytes, view, start, end);
  }

  readRows(frame: Frame, end: number, rows: unknown[]): boolean {
    const { expected } = frame;
    const reader = expected && this.#readerOf(expected);
    reader?.readRows?.(frame, end, rows);
    return frame.cursor === end;
  }

  #scanAs(frame: Frame, box: ExpectedBox, end: number, maxKeys: number): boolean {
    const reader =
      box.fastReader === undefined || this.#generator === undefined ? this.#readerOf(box) : box.fastReader;
    // Compared first: see `wire/README.md`.
    if (frame.fastReader !== reader) frame.fastReader = reader;
    if (reader === undefined) return scanExpected(frame, box, end, maxKeys);
    if (box.entries.length > maxKeys || reader.scan(frame, end) === false) return false;
    frame.matched = box;
    return true;
  }

  /** Returns the code that reads such boxes, if there is any. */
  #readerOf(box: ExpectedBox): ExpectedBox["fastReader"] {
    const generator = this.#generator;
    if (box.uses === 0) remember(box);
    if (generator === undefined) {
      box.uses ||= 1;
      return undefined;
    }
    if (box.fastReader === undefined && ++box.uses === generator.frequent) generateFastReader(generator, box);
    return box.fastReader;
  }
}

// Two functions of their own: V8 allocates memory for the variables of a closure at each call of the function around it.

function generateFastWrite(generator: CodeGenerator, template: FastTemplate): void {
  template.fastWrite = generator.generate(template.set, () => generateWriter(template));
}

function generateFastReader(generator: CodeGenerator, box: ExpectedBox): void {
  box.fastReader = generator.generate(box.owner, () => generateReader(box));
}

/** Stores what the asks of a command look like. */
function remember(box: ExpectedBox): void {
  if (box.commandName === undefined) return;
  const name = textToKey(box.commandName);
  const hash = hashOf(new DataView(name.buffer), name.byteOffset, name.length, box.ask >= 0);
  if (asks.size < MAX_NAMES || asks.has(hash)) asks.set(hash, box);
}

/** Returns what the box that begins at `start` should look like, by the name of its command or by its tag. */
function find({ bytes, view, calls }: Frame, start: number, end: number): ExpectedBox | undefined {
  const answerTag = start + answerKey.length + LENGTH_BYTES;
  if (answerTag + WORD_BYTES > end) return undefined; // shorter than any ask or answer
  if (answerKey.isAt(view, start)) {
    const tagEnd = answerTag + view.getUint16(answerTag - LENGTH_BYTES);
    if (tagEnd > end) return undefined;
    const template = calls?.get(readTag(bytes, view, answerTag, tagEnd))?.command?.answerTemplate;
    return template && expectedBoxOf(template);
  }
  const hasTag = askKey.isAt(view, start);
  const tag = start + askKey.length + LENGTH_BYTES;
  const key = hasTag ? tag + view.getUint16(tag - LENGTH_BYTES) : start;
  const name = key + commandKey.length + LENGTH_BYTES;
  if (name + WORD_BYTES > end || !commandKey.isAt(view, key)) return undefined;
  const length = view.getUint16(name - LENGTH_BYTES);
  return name + length > end ? undefined : asks.get(hashOf(view, name, length, hasTag));
}

/** Returns a hash of a command name, which is another one for asks without a tag. */
function hashOf(view: DataView, start: number, length: number, hasTag: boolean): number {
  const end = start + length;
  let hash = hasTag ? length : ~length;
  let at = start;
  for (; at + WORD_BYTES <= end; at += WORD_BYTES) hash = mixed(hash, view.getInt32(at, true));
  for (; at < end; at++) hash = mixed(hash, view.getUint8(at));
  return hash;
}

function mixed(hash: number, word: number): number {
  return Math.imul(hash ^ word, 0x01000193) ^ (hash >>> 15);
}

const withCode = new NodeFastPaths(new CodeGenerator());
const withoutCode = new NodeFastPaths(undefined);

/** Gives the fast paths to a connection. @param generateCode false: without generated code */
export function giveFastPaths(
  { inbox, outbox, calls }: Pick<ConnectionKernel, "inbox" | "outbox" | "calls">,
  generateCode: boolean,
): void {
  const paths = generateCode ? withCode : withoutCode;
  const { frame } = inbox.reader;
  outbox.fastPaths = frame.fastPaths = paths;
  frame.calls = calls.pending;
}
