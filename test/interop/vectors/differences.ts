/** Where we differ from Twisted on purpose, vector by vector, and why. What is not listed here is the same. */
import { Box, encodeBox } from "ampwire";
import type { Malformed, Outcome } from "../../support/vectors.ts";

export interface Difference {
  readonly why: string;
  readonly server?: {
    /** What our server says in place of a turn of Twisted's. */
    readonly says?: (hex: string) => string;
    /** What it says after the last turn. */
    readonly adds?: string;
    readonly closes?: boolean;
  };
  readonly client?: {
    readonly outcome?: (outcome: Outcome) => Outcome;
    readonly closes?: true;
  };
}

function errorBox(tag: string, code: string, description: string): string {
  const box = new Box({ _error: tag, _error_code: code, _error_description: description });
  return Buffer.from(encodeBox(box)).toString("hex");
}

const CODES_ARE_TEXT = "an error's code is text here, and what is not UTF-8 in it is not kept";
const MUTE =
  "after a refused StartTLS Twisted holds every box for ever; we close, and what was held is rejected";

export const DIFFERENCES: Readonly<Record<string, Difference>> = {
  "unhandled-command": {
    why: "Python's b'' does not belong into the description",
    server: {
      says: (hex) =>
        hex.includes("5f6572726f72") ? errorBox("1", "UNHANDLED", "Unhandled Command: 'NotServed'") : hex,
    },
  },
  "unhandled-command-without-tag": {
    why: "nobody waits for an answer, so nobody is told: it is reported here, and the connection stays open",
    server: { closes: false },
  },
  "declared-error-without-tag": {
    why: "the same: a declared error says nothing about the connection",
    server: { closes: false },
  },
  "answer-of-65536-bytes": {
    why: "a value that does not fit is a return value that does not encode: the caller is told before the close",
    server: { adds: errorBox("1", "UNKNOWN", "Unknown Error") },
  },
  "error-code-not-ascii": {
    why: CODES_ARE_TEXT,
    server: { says: (hex) => hex.replace("0002ff00", "0004efbfbd00") },
  },
  "echo-big": {
    why: "half a value is no value: a piece that is missing between others is an error",
    server: {
      says: (hex) => (hex.includes("636166c3a9") ? errorBox("2", "UNKNOWN", "Unknown Error") : hex),
      closes: true,
    },
  },
  "secure-start-with-bad-token": { why: MUTE, client: { closes: true } },
  "start-tls-refused": {
    why: `${MUTE}; and TLS_ERROR is declared by StartTLS here`,
    client: { closes: true, outcome: (outcome) => ({ ...outcome, error: "OnlyOneTLS" }) },
  },
};

/** Conversations in which the client asks with raw bytes, from which of its asks on. */
export const RAW_ASKS: Readonly<Record<string, number>> = {
  "notify-asked-with-a-tag": 0,
  "echo-big": 1,
  "missing-argument": 0,
  "bad-argument": 0,
  "unknown-argument-ignored": 0,
  "unhandled-command-without-tag": 0,
  "command-without-tag": 0,
  "declared-error-without-tag": 0,
  "undeclared-error-without-tag": 0,
  "bad-argument-without-tag": 0,
};

const SUM = Buffer.from(encodeBox(new Box({ _answer: "1", total: "94" }))).toString("hex");

const FLUSHED = {
  why: "the answers that were made before the protocol was broken are sent; Twisted drops them",
  answered: SUM,
};
const NOT_SERVED = "what came behind the ask that ended the connection is not served";

function unhandled(name: string) {
  return {
    why: "the description shows the name as text, not as Python's b''",
    answered: errorBox("9", "UNHANDLED", `Unhandled Command: '${name}'`),
  };
}

/** Nobody is told, and the connection stays open. */
function unanswered(why: string, answered = "") {
  return { why, answered, closes: false, asked: {} };
}

/** The same for misbehaviour: what our server does otherwise. */
export const MISBEHAVIOUR: Readonly<Record<string, { readonly why: string } & Partial<Malformed>>> = {
  "empty-box-after-an-ask": FLUSHED,
  "no-protocol-key-after-an-ask": FLUSHED,
  "answer-after-an-ask-twice": FLUSHED,
  "answer-to-nothing-after-an-ask": FLUSHED,
  "error-without-code-after-an-ask": FLUSHED,
  "ask-of-unknown-command": unhandled("Nope"),
  "ask-of-unknown-command-and-an-ask": { ...unhandled("Nope"), answered: unhandled("Nope").answered + SUM },
  "ask-of-empty-command": unhandled(""),
  "ask-of-command-in-lower-case": unhandled("sum"),
  "ask-of-command-with-quotes": unhandled('it\'s "it"\\\n'),
  "ask-of-command-not-ascii": notAscii(""),
  "ask-of-command-not-ascii-after-an-ask": notAscii(SUM),
  "ask-of-unknown-command-without-tag": unanswered("it is reported here; Twisted closes"),
  "ask-of-unknown-command-without-tag-after-an-ask": unanswered("it is reported here; Twisted closes", SUM),
  "ask-without-tag-that-fails": unanswered("a declared error says nothing about the connection"),
  "ask-with-bad-argument-and-an-ask-behind-it": {
    why: NOT_SERVED,
    answered: errorBox("9", "UNKNOWN", "Unknown Error"),
  },
  "ask-that-fails-fatally-and-an-ask-behind-it": {
    why: NOT_SERVED,
    answered: errorBox("9", "FATAL", "the end"),
  },
  "ask-answered-too-long-between-asks": {
    why: `the caller is told that the answer could not be encoded; and ${NOT_SERVED}`,
    answered: SUM + errorBox("9", "UNKNOWN", "Unknown Error"),
  },
};

/** A name is UTF-8 here, and like any other; Twisted's parser fails. */
function notAscii(before: string) {
  const { answered } = unhandled("café");
  return { why: "a command's name is UTF-8", closes: false, asked: {}, answered: before + answered };
}
