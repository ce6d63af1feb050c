/** Where we differ from Twisted on purpose, and why. What is not listed here must be the same. */

/** Bytes that we refuse and Twisted does not. */
const STRICTER = [
  {
    refusal: /cut off/,
    why: "half an element is no element: Twisted drops the end of such a list in silence",
  },
  {
    refusal: /an absolute path is needed/,
    why: "a path relative to a folder that only the peer knows is not sent on",
  },
];

const COMMANDS = ["Sum", "Divide", "EchoUnicode", "FailDeclared", "FailFatal", "FailUndeclared", "Notify"];
const isAsk = (box) => !box.has("_answer") && !box.has("_error") && box.has("_command");

/** Whole conversations: told by a box in them. */
const CONVERSATIONS = [
  {
    why: "an unknown command without tag is reported here, and nobody is told; Twisted closes",
    box: (box) => isAsk(box) && !box.has("_ask") && !COMMANDS.includes(box.text("_command")),
  },
  {
    why: "an error that a command declares says nothing about the connection, also where nobody waits for it; Twisted closes",
    box: (box) => isAsk(box) && !box.has("_ask") && ["FailDeclared", "Divide"].includes(box.text("_command")),
  },
  {
    why: "a command's name is UTF-8, and like any other; Twisted's parser fails",
    box: (box) => isAsk(box) && box.get("_command").some((byte) => byte > 0x7f),
  },
  {
    why: "an unknown name so long that Twisted's description of it is no value any more: ours is cut, Twisted closes",
    box: (box) =>
      isAsk(box) && !COMMANDS.includes(box.text("_command")) && box.get("_command").length > 16_000,
  },
];

export function accepts(ours, refusal, twisted) {
  return ours === twisted || (ours === undefined && STRICTER.some((one) => one.refusal.test(refusal)));
}

/** Whether two conversations came to the same. What Twisted had yet to write when it closed, it drops: we send it. */
export function ends(boxes, ours, twisted) {
  const same = ours.open === twisted.open && (!ours.open || String(ours.said) === String(twisted.said));
  return same || CONVERSATIONS.some(({ box }) => boxes.some(box));
}
