/**
 * `node docs/generate/diagrams.mjs`, after a build: writes the diagrams of the pages to docs/diagrams/. The diagram of the
 * states is made from the table of the code. A test compares the files with this program.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { arrow, box, sequence, svg, text } from "./svg.mjs";

/** Places of the states in the diagram. @type {Readonly<Record<string, readonly [x: number, y: number]>>} */
const PLACES = {
  open: [110, 60],
  asked: [380, 60],
  answering: [110, 180],
  performing: [380, 180],
  switched: [650, 180],
  closing: [110, 300],
  finishing: [380, 300],
  closed: [650, 300],
};

/**
 * @param {Readonly<Record<string, { reads: boolean, boxes: string, calls: boolean, next: Readonly<Record<string, string>> }>>} states `STATES` of the core
 */
export function statesDiagram(states) {
  const boxes = Object.entries(states).map(([title, { reads, boxes: handling, calls }]) => {
    const [x, y] = placeOf(title);
    const lines = [
      `${reads ? "reads" : "does not read"}, boxes ${handling}`,
      calls ? "new calls" : "no new calls",
    ];
    return box({ x, y, width: 176, title, lines, kind: calls ? "good" : "box" });
  });
  const arrows = Object.entries(states).flatMap(([from, { next }]) =>
    Object.entries(next)
      // Every state that is not final may fail. One sentence says it, in place of an arrow for each.
      .filter(([transition]) => transition !== "fail")
      .map(([transition, to]) => transitionArrow(from, to, transition)),
  );
  const failing = Object.entries(states).filter(([, { next }]) => "fail" in next).length;
  const note = `fail leads from ${failing} of the ${Object.keys(states).length} states to closed`;
  return svg(750, 390, "States of a connection and their transitions", [
    ...arrows,
    ...boxes,
    text(375, 380, note, "small"),
  ]);
}

/**
 * @param {string} from
 * @param {string} to
 * @param {string} label
 */
function transitionArrow(from, to, label) {
  const [x1, y1] = placeOf(from);
  const [x2, y2] = placeOf(to);
  const [halfWidth, halfHeight] = [90, 32];
  // Two arrows between the same states run side by side.
  const shift = x2 > x1 || (x2 === x1 && y2 > y1) ? -9 : 9;
  if (y1 === y2) {
    const side = Math.sign(x2 - x1);
    // An arrow that passes a state on its way goes below it.
    if (Math.abs(x2 - x1) > 300) {
      const low = y1 + halfHeight + 22;
      const path = `M${x1} ${y1 + halfHeight}V${low}H${x2}V${y2 + halfHeight}`;
      return arrow(path) + text(x1 + 60, low - 5, label, "small");
    }
    const y = y1 + shift;
    const [start, end] = [x1 + side * halfWidth, x2 - side * halfWidth];
    return (
      arrow(`M${start} ${y}H${end}`) + text((start + end) / 2, y + (shift < 0 ? -5 : 14), label, "small")
    );
  }
  if (x1 === x2) {
    const side = Math.sign(y2 - y1);
    const x = x1 - shift * 2;
    const [start, end] = [y1 + side * halfHeight, y2 - side * halfHeight];
    const passes = Math.abs(y2 - y1) > 150;
    const path = passes ? `M${x1 - halfWidth} ${y1}H8V${y2}H${x2 - halfWidth}` : `M${x} ${start}V${end}`;
    const [labelX, labelY] = passes
      ? [12, (y1 + y2) / 2 + 44]
      : [x + (shift < 0 ? 4 : -4), (start + end) / 2 + 4];
    return arrow(path) + text(labelX, labelY, label, passes || shift < 0 ? "small start" : "small end");
  }
  const start = [x1 + Math.sign(x2 - x1) * halfWidth, y1 + Math.sign(y2 - y1) * 20];
  const end = [x2 - Math.sign(x2 - x1) * halfWidth, y2 - Math.sign(y2 - y1) * 20];
  const middle = [(start[0] + end[0]) / 2, (start[1] + end[1]) / 2];
  return arrow(`M${start.join(" ")}L${end.join(" ")}`) + text(middle[0], middle[1] - 6, label, "small");
}

/** @param {string} state */
function placeOf(state) {
  const place = PLACES[state];
  if (place === undefined) throw new Error(`docs/generate/diagrams.mjs has no place for the state ${state}`);
  return place;
}

/** The path of a call from the caller to the responder and back. */
export function callPathDiagram() {
  const caller = ["callRemote", "Calls", "Command", "Outbox"];
  const callee = ["Inbox", "Serving", "locator", "responder"];
  const column = (/** @type {readonly string[]} */ titles, /** @type {number} */ x) =>
    titles.map((title, index) => box({ x, y: 60 + index * 62, title, kind: "good" }));
  const down = (/** @type {number} */ x, /** @type {number} */ from) =>
    [0, 1, 2].map((index) => arrow(`M${x} ${from + index * 62}v30`));
  return svg(650, 340, "The path of a call: encode, send, read, locate, run, and the answer back", [
    text(120, 22, "caller", "title"),
    text(530, 22, "callee", "title"),
    ...column(caller, 120),
    ...column(callee, 530),
    ...down(120, 76),
    ...down(530, 76),
    box({ x: 325, y: 246, title: "transport", lines: ["TCP, TLS, UNIX, pipe, WebSocket"], width: 200 }),
    arrow("M182 246H222"),
    arrow("M427 246C500 246 420 60 466 60"),
    text(325, 120, "the answer passes the same layers", "small"),
    text(325, 136, "and settles the promise of callRemote", "small"),
    arrow("M530 263V306H30V60H57", "good"),
    text(325, 322, "answer", "good small"),
  ]);
}

/** The upgrade of ampwire, with an attacker who injects a call in plaintext. */
export function upgradeDiagram() {
  return sequence(
    "StartTLS of ampwire: injected plaintext closes the connection",
    ["client", "attacker", "server"],
    [
      { from: "client", to: "server", text: "StartTLS" },
      { from: "attacker", to: "server", text: "Transfer, in plaintext", kind: "bad" },
      {
        text: "the server parses nothing after StartTLS as AMP: PLAINTEXT_AFTER_STARTTLS, it closes",
        kind: "good",
      },
      { text: "without an attacker:" },
      { from: "server", to: "client", text: "answer" },
      { from: "client", to: "server", text: "TLS handshake, verified at both ends", tls: true },
      { from: "client", to: "server", text: "calls that were queued", tls: true, kind: "good" },
    ],
  );
}

/** The upgrade of Twisted, with the same attacker. */
export function twistedUpgradeDiagram() {
  return sequence(
    "StartTLS of Twisted: injected plaintext is executed",
    ["client", "attacker", "server"],
    [
      { from: "client", to: "server", text: "StartTLS" },
      { from: "attacker", to: "server", text: "Transfer, in plaintext", kind: "bad" },
      { text: "the server executes the call", kind: "bad" },
      { from: "server", to: "client", text: "answer" },
      { from: "client", to: "server", text: "TLS handshake", tls: true },
      { from: "server", to: "client", text: "answer to Transfer", tls: true, kind: "bad" },
    ],
  );
}

/**
 * The bytes of a box, one key with its value in a row.
 * @param {Uint8Array} bytes of one box, whose keys and values are text of less than 256 bytes
 */
export function boxDiagram(bytes) {
  const rows = [];
  for (let at = 0; at < bytes.length; ) {
    const key = bytes.subarray(at + 2, at + 2 + bytes[at + 1]);
    if (key.length === 0) break;
    const valueAt = at + 2 + key.length;
    const value = bytes.subarray(valueAt + 2, valueAt + 2 + bytes[valueAt + 1]);
    rows.push({ at, key, value });
    at = valueAt + 2 + value.length;
  }
  const parts = rows.flatMap(({ at, key, value }, index) => {
    const y = 52 + index * 52;
    const keyWidth = 20 + key.length * 24;
    return [
      text(36, y + 20, `@${at}`, "small"),
      ...cell(70, y, 58, key.length, "length"),
      ...cell(132, y, keyWidth, key, "key"),
      ...cell(136 + keyWidth, y, 58, value.length, "length"),
      ...cell(198 + keyWidth, y, 20 + value.length * 24, value, "value"),
    ];
  });
  const end = 52 + rows.length * 52;
  return svg(
    650,
    end + 60,
    "The bytes of a box: each key and value after its length, and two zero bytes at the end",
    [
      text(325, 24, `a call of Sum with a=13 and b=81: ${bytes.length} bytes`, "title"),
      ...parts,
      text(36, end + 20, `@${bytes.length - 2}`, "small"),
      ...cell(70, end, 58, 0, "length"),
      text(236, end + 20, "an empty key ends the box", "small"),
    ],
  );
}

/**
 * @param {number} x
 * @param {number} y
 * @param {number} width
 * @param {Uint8Array | number} content a number is a length in two bytes
 * @param {"length" | "key" | "value"} role
 */
function cell(x, y, width, content, role) {
  const bytes = typeof content === "number" ? Uint8Array.of(content >> 8, content & 0xff) : content;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
  const label = typeof content === "number" ? `length ${content}` : new TextDecoder().decode(content);
  const kind = { length: "box", key: "good", value: "bad" }[role];
  return [
    `<rect x="${x}" y="${y}" width="${width}" height="40" rx="4" class="${kind}"/>`,
    text(x + width / 2, y + 17, hex, role === "length" ? "small" : ""),
    text(x + width / 2, y + 33, label, "small"),
  ];
}

/** Clients, a balancer and servers. */
export function deploymentDiagram() {
  return svg(
    650,
    230,
    "Clients connect to a balancer, which passes TLS and the client's address to the servers",
    [
      box({ x: 80, y: 60, title: "client", lines: ["heartbeat"] }),
      box({ x: 80, y: 170, title: "web page", lines: ["wss:"] }),
      box({ x: 310, y: 60, title: "TCP balancer", lines: ["HAProxy, nginx stream"], width: 170 }),
      box({ x: 310, y: 170, title: "HTTP balancer", lines: ["ends TLS"], width: 170 }),
      box({
        x: 560,
        y: 60,
        title: "server",
        lines: ["proxyProtocol, StartTLS", "maxConnections"],
        width: 160,
        kind: "good",
      }),
      box({
        x: 560,
        y: 170,
        title: "server",
        lines: ["WebSocket, attach", "secure: true"],
        width: 160,
        kind: "good",
      }),
      arrow("M142 60H223"),
      arrow("M142 170H223"),
      arrow("M396 60H478", "good"),
      arrow("M396 170H478"),
      text(437, 50, "PROXY v2", "small"),
      text(437, 84, "StartTLS", "small"),
      text(182, 160, "TLS", "small"),
    ],
  );
}

/**
 * @param {Parameters<typeof statesDiagram>[0]} states
 * @param {(box: ReadonlyMap<string, Uint8Array>) => Uint8Array} encodeBox the function of the core
 * @returns {Readonly<Record<string, string>>} the files of docs/diagrams/
 */
export function diagrams(states, encodeBox) {
  const sum = { _ask: "1", _command: "Sum", a: "13", b: "81" };
  const entries = Object.entries(sum).map(([key, value]) => [key, new TextEncoder().encode(value)]);
  return {
    "states.svg": statesDiagram(states),
    "call-path.svg": callPathDiagram(),
    "upgrade.svg": upgradeDiagram(),
    "upgrade-twisted.svg": twistedUpgradeDiagram(),
    "deployment.svg": deploymentDiagram(),
    "box.svg": boxDiagram(encodeBox(new Map(entries))),
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { STATES } = await import("../../dist/core/connection/states.js");
  const { encodeBox } = await import("../../dist/index.js");
  const folder = fileURLToPath(new URL("../diagrams/", import.meta.url));
  mkdirSync(folder, { recursive: true });
  for (const [name, content] of Object.entries(diagrams(STATES, encodeBox)))
    writeFileSync(folder + name, content);
}
