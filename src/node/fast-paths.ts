/** Fast paths of a connection on Node: generated code for frequent boxes, and expected boxes found by name. */
import type { ConnectionKernel } from "../core/connection/kernel.ts";
import { keyPattern } from "../core/wire/box-writer.ts";
import type { FastBox, FastFields, FastFrame, FastPaths, FastTemplate } from "../core/wire/fast-paths.ts";
import { textToKey } from "../core/wire/key-text.ts";
import { ANSWER, ASK, COMMAND } from "../core/wire/protocol-keys.ts";
import { parseTag } from "../core/wire/tag.ts";
import { generateReader, generateWriter } from "./generated-code.ts";

/** Boxes of one kind after which code is generated for it: before that, it would cost more than it saves. */
const FREQUENT = 200;
/** Maximum number of pieces of code in a process, each of 5 to 20 kB: a program may create commands without end. */
const MAX_PIECES = 512;
/** Boxes with more fields are left to the loops: V8 would not optimise their code. */
const MAX_FIELDS = 64;
/** Maximum number of commands whose asks are found by name. */
const MAX_REMEMBERED = 1024;
const WORD_BYTES = 4;

const ask = keyPattern(ASK);
const answer = keyPattern(ANSWER);
const command = keyPattern(COMMAND);

/** Generates code until the process forbids it, or has enough. Shared by all connections. */
export class CodeGenerator {
  readonly #frequent: number;
  #piecesLeft: number;
  /** The error that has ended the generation of code, for tests. */
  failure: unknown;

  constructor(frequent = FREQUENT, maxPieces = MAX_PIECES) {
    this.#frequent = frequent;
    this.#piecesLeft = maxPieces;
  }

  hasWritten(template: FastTemplate): void {
    if (++template.written === this.#frequent)
      template.fastWrite = this.#generate(template.set, () => generateWriter(template));
  }

  hasRead(box: FastBox): void {
    if (++box.read === this.#frequent) box.fastReader = this.#generate(box.owner, () => generateReader(box));
  }

  #generate<Code>({ fields }: FastFields, generate: () => Code): Code | undefined {
    if (this.#piecesLeft === 0 || fields.length > MAX_FIELDS || fields.some(({ shadowed }) => shadowed))
      return undefined;
    this.#piecesLeft--;
    try {
      return generate();
    } catch (error) {
      // `--disallow-code-generation-from-strings`, or a hardened environment such as SES.
      this.#piecesLeft = 0;
      this.failure = error;
      return undefined;
    }
  }
}

/** Fast paths for connections: with a generator, or without one if the program forbids generated code. */
export class NodeFastPaths implements FastPaths {
  readonly usesCode: boolean;
  readonly #generator: CodeGenerator | undefined;
  /** Expected asks by a hash of the name. If two names have the same hash, the last one is found. */
  readonly #asks = new Map<number, FastBox>();
  #remembered = new WeakSet<FastBox>();

  constructor(generator: CodeGenerator | undefined) {
    this.#generator = generator;
    this.usesCode = generator !== undefined;
  }

  hasWritten(template: FastTemplate): void {
    this.#generator?.hasWritten(template);
  }

  hasRead(box: FastBox): void {
    this.#generator?.hasRead(box);
  }

  remember(box: FastBox): void {
    if (box.commandName === undefined || this.#remembered.has(box)) return;
    const name = textToKey(box.commandName);
    if (this.#asks.size >= MAX_REMEMBERED) {
      this.#asks.clear();
      this.#remembered = new WeakSet();
    }
    this.#asks.set(hashOf(new DataView(name.buffer), name.byteOffset, name.length, box.ask >= 0), box);
    this.#remembered.add(box);
  }

  find(frame: FastFrame, start: number, end: number): FastBox | undefined {
    const { view, bytes } = frame;
    const tag = start + answer.length + 2;
    if (tag + WORD_BYTES > end) return undefined;
    if (answer.isAt(view, start)) {
      const tagEnd = tag + view.getUint16(tag - 2);
      return tagEnd > end ? undefined : frame.calls?.get(parseTag(bytes, tag, tagEnd))?.command?.expectedAnswer;
    }
    const hasTag = ask.isAt(view, start);
    const key = hasTag ? start + ask.length + 2 + view.getUint16(start + ask.length) : start;
    const name = key + command.length + 2;
    if (name + WORD_BYTES > end || !command.isAt(view, key)) return undefined;
    const length = view.getUint16(name - 2);
    return name + length > end ? undefined : this.#asks.get(hashOf(view, name, length, hasTag));
  }
}

/** Returns a hash of a command name, which differs for asks with and without a tag. */
function hashOf(view: DataView, start: number, length: number, hasTag: boolean): number {
  let hash = hasTag ? length : ~length;
  let at = start;
  for (const last = start + length - WORD_BYTES; at <= last; at += WORD_BYTES)
    hash = (Math.imul(hash, 0x01000193) ^ view.getInt32(at, true)) | 0;
  for (; at < start + length; at++) hash = (Math.imul(hash, 0x01000193) ^ view.getUint8(at)) | 0;
  return hash;
}

const withCode = new NodeFastPaths(new CodeGenerator());
const withoutCode = new NodeFastPaths(undefined);

/** Gives a connection the fast paths. @param generateCode false: without generated code */
export function giveFastPaths(
  { inbox, outbox, calls }: Pick<ConnectionKernel, "inbox" | "outbox" | "calls">,
  generateCode: boolean,
  paths: FastPaths = generateCode ? withCode : withoutCode,
): void {
  inbox.fastPaths = outbox.fastPaths = paths;
  inbox.reader.calls = calls.pending;
}
