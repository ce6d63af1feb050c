/** Deliberate differences from Twisted, and their reasons. Everything else must be the same. */

/** Bytes that ampwire rejects and Twisted accepts. */
const STRICTER = [
  {
    refusal: /cut off/,
    why: "half an element is not valid: Twisted drops the end of such a list silently",
  },
  {
    refusal: /an absolute path is needed/,
    why: "a path relative to a folder that only the peer knows is not sent",
  },
];

const COMMANDS = ["Sum", "Divide", "EchoUnicode", "FailDeclared", "FailFatal", "FailUndeclared", "Notify"];
const isAsk = (box) => !box.has("_answer") && !box.has("_error") && box.has("_command");

/** Conversations with a different course, recognised by one of their boxes. */
const CONVERSATIONS = [
  {
    why: "an unknown command without a tag is reported locally and not answered; Twisted closes",
    box: (box) => isAsk(box) && !box.has("_ask") && !COMMANDS.includes(box.text("_command")),
  },
  {
    why: "a declared error does not end the connection, even without a tag; Twisted closes",
    box: (box) => isAsk(box) && !box.has("_ask") && ["FailDeclared", "Divide"].includes(box.text("_command")),
  },
  {
    why: "a command name is UTF-8; Twisted's parser fails",
    box: (box) => isAsk(box) && box.get("_command").some((byte) => byte > 0x7f),
  },
  {
    why: "the description of a very long unknown name is cut in ampwire; in Twisted it is over the maximum length, and Twisted closes",
    box: (box) =>
      isAsk(box) && !COMMANDS.includes(box.text("_command")) && box.get("_command").length > 16_000,
  },
];

export function accepts(ours, refusal, twisted) {
  return ours === twisted || (ours === undefined && STRICTER.some((one) => one.refusal.test(refusal)));
}

/**
 * Returns true if two conversations ended alike. When Twisted closes, it drops unwritten boxes, which ampwire sends.
 */
export function ends(boxes, ours, twisted) {
  const same = ours.open === twisted.open && (!ours.open || String(ours.said) === String(twisted.said));
  return same || CONVERSATIONS.some(({ box }) => boxes.some(box));
}
