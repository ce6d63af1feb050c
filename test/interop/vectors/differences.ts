/** Deliberate differences from Twisted, by vector, with their reasons. Every other vector gives the same result. */
import { Box, encodeBox } from "ampwire";
import type { Malformed, Outcome } from "../../support/vectors.ts";

export interface Difference {
  readonly why: string;
  readonly server?: {
    /** Returns the bytes that ampwire's server writes in place of those of a turn of Twisted's server. */
    readonly says?: (hex: string) => string;
    /** Bytes that ampwire's server writes after the last turn. */
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

const CODES_ARE_TEXT = "an error code is text in ampwire, and bytes of it that are not UTF-8 are replaced";
const MUTE = "Twisted holds every box after a refused StartTLS; ampwire closes and rejects the queued calls";

export const DIFFERENCES: Readonly<Record<string, Difference>> = {
  "unhandled-command": {
    why: "the description does not show Python's b''",
    server: {
      says: (hex) =>
        hex.includes("5f6572726f72") ? errorBox("1", "UNHANDLED", "Unhandled Command: 'NotServed'") : hex,
    },
  },
  "unhandled-command-without-tag": {
    why: "no answer is expected: the error is reported locally, and the connection stays open",
    server: { closes: false },
  },
  "answer-of-65536-bytes": {
    why: "a value that is too long cannot be encoded: the caller receives an error before the close",
    server: { adds: errorBox("1", "UNKNOWN", "Unknown Error") },
  },
  "error-code-not-ascii": {
    why: CODES_ARE_TEXT,
    server: { says: (hex) => hex.replace("0002ff00", "0004efbfbd00") },
  },
  "echo-big": {
    why: "a piece that is missing between others is an error, because half a value is not valid",
    server: {
      says: (hex) => (hex.includes("636166c3a9") ? errorBox("2", "UNKNOWN", "Unknown Error") : hex),
      closes: true,
    },
  },
  "secure-start-with-bad-token": { why: MUTE, client: { closes: true } },
  "start-tls-refused": {
    why: `${MUTE}; StartTLS declares TLS_ERROR in ampwire`,
    client: { closes: true, outcome: (outcome) => ({ ...outcome, error: "OnlyOneTLS" }) },
  },
};

/** Conversations in which the client sends raw boxes, and the index of the first ask that does. */
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
  why: "answers made before the protocol error are sent; Twisted drops them",
  answered: SUM,
};
const NOT_SERVED = "asks after the one that ended the connection are not served";

function unhandled(name: string) {
  return {
    why: "the description shows the name as text, not as Python's b''",
    answered: errorBox("9", "UNHANDLED", `Unhandled Command: '${name}'`),
  };
}

/** Returns a difference in which nothing is answered and the connection stays open. */
function unanswered(why: string, answered = "") {
  return { why, answered, closes: false, asked: {} };
}

/** Deliberate differences of ampwire's server, by vector of malformed input. */
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
  "ask-of-unknown-command-without-tag": unanswered("the error is reported locally; Twisted closes"),
  "ask-of-unknown-command-without-tag-after-an-ask": unanswered(
    "the error is reported locally; Twisted closes",
    SUM,
  ),
  "ask-with-bad-argument-and-an-ask-behind-it": {
    why: NOT_SERVED,
    answered: errorBox("9", "UNKNOWN", "Unknown Error"),
  },
  "ask-that-fails-fatally-and-an-ask-behind-it": {
    why: NOT_SERVED,
    answered: errorBox("9", "FATAL", "the end"),
  },
  "ask-answered-too-long-between-asks": {
    why: `the caller receives an error because the answer could not be encoded; and ${NOT_SERVED}`,
    answered: SUM + errorBox("9", "UNKNOWN", "Unknown Error"),
  },
};

/** Returns a difference for a name that is not ASCII: ampwire reads it as UTF-8, and Twisted's parser fails. */
function notAscii(before: string) {
  const { answered } = unhandled("café");
  return { why: "a command's name is UTF-8", closes: false, asked: {}, answered: before + answered };
}
