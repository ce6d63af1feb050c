/** Converts a recording to steps: the boxes to send, the boxes to wait for, and the upgrades to TLS. */
import { GO_AWAY, SHOWN_KEY } from "../../core/wire/own-commands.ts";
import { ANSWER, ASK, type Box, COMMAND, ERROR } from "../../index.ts";
import type { Endpoint } from "../traffic/endpoint.ts";
import { boxOf, type TrafficLine } from "../traffic/line.ts";
import { tagOf } from "../traffic/pairing.ts";

/** Step: answer the server's ask with this recorded tag. */
export interface Answering {
  readonly kind: "answer";
  readonly tag: string;
  readonly box: Box;
  /** True if TLS starts after this answer. */
  readonly secures: boolean;
}

/** Step: wait for an ask of the server. */
export interface Asked {
  readonly kind: "asked";
  readonly tag: string | undefined;
  readonly name: string;
  readonly box: Box;
  /** The recorded answer, if this side sent nothing else before it. It is sent as soon as the ask arrives. */
  readonly atOnce?: Answering;
}

export type Step =
  /** Send an ask. */
  | { readonly kind: "ask"; readonly box: Box; readonly name: string }
  /** Wait for the answer to the ask with this tag. */
  | {
      readonly kind: "answered";
      readonly tag: string;
      readonly name: string;
      readonly box: Box;
      readonly secures: boolean;
    }
  | Asked
  | Answering
  /** Send raw bytes. */
  | { readonly kind: "send"; readonly bytes: Uint8Array }
  /** Wait for raw bytes of the server. */
  | { readonly kind: "sent"; readonly bytes: Uint8Array }
  | { readonly kind: "end" };

export interface Script {
  readonly connection: number;
  readonly steps: readonly Step[];
}

/** Returns a script for each connection in which this side sent anything, in the order of the recording. */
export function scriptsOf(lines: readonly TrafficLine[], side: Endpoint): Script[] {
  const connections = new Map<number, TrafficLine[]>();
  for (const line of lines) {
    const known = connections.get(line.connection);
    if (known === undefined) connections.set(line.connection, [line]);
    else known.push(line);
  }
  return Array.from(connections, ([connection, own]) => ({
    connection,
    steps: withPromptAnswers(stepsOf(own, side)),
  })).filter(({ steps }) => steps.some(({ kind }) => kind !== "end"));
}

/**
 * GoAway and the key that announces it belong to the recorded connection, not to the conversation: they are left out. So the
 * server never learns that this side knows GoAway, and does not ask it.
 */
function stepsOf(lines: readonly TrafficLine[], side: Endpoint): Step[] {
  const names = new Map<string, string>();
  const omitted = { ours: new Set<string>(), theirs: new Set<string>() };
  const securing = securingLines(lines);
  return lines.flatMap((line): Step[] => {
    const ours = line.from === side;
    if (line.event === "ended") return ours ? [{ kind: "end" }] : [];
    if (line.raw !== undefined) {
      return [{ kind: ours ? "send" : "sent", bytes: new Uint8Array(Buffer.from(line.raw, "hex")) }];
    }
    if (line.box === undefined) return [];
    const box = boxOf(line.box);
    box.delete(SHOWN_KEY);
    const secures = securing.has(line);
    const replied = tagOf(box, ANSWER) ?? tagOf(box, ERROR);
    if (replied !== undefined) {
      if ((ours ? omitted.theirs : omitted.ours).delete(replied)) return [];
      if (ours) return [{ kind: "answer", tag: replied, box, secures }];
      return [{ kind: "answered", tag: replied, name: names.get(replied) ?? "?", box, secures }];
    }
    const name = box.text(COMMAND);
    if (name === undefined) return []; // a box that is neither ask nor answer ends the connection
    const tag = tagOf(box, ASK);
    if (name === GO_AWAY) {
      if (tag !== undefined) (ours ? omitted.ours : omitted.theirs).add(tag);
      return [];
    }
    if (!ours) return [{ kind: "asked", tag, name, box }];
    if (tag !== undefined) names.set(tag, name);
    return [{ kind: "ask", box, name }];
  });
}

/**
 * Moves answers into the asks that they answer. A server that sent several asks at once in the recording may now wait for
 * each answer. So an answer waits only for the sends of this side before it.
 */
function withPromptAnswers(steps: readonly Step[]): Step[] {
  const prompt = new Map<Asked, Answering>();
  let open = new Map<string | undefined, Asked>();
  for (const step of steps) {
    if (step.kind === "ask" || step.kind === "send" || step.kind === "end") open = new Map();
    else if (step.kind === "asked") {
      if (!open.has(step.tag)) open.set(step.tag, step);
    } else if (step.kind === "answer") {
      const asked = open.get(step.tag);
      if (asked === undefined) continue;
      prompt.set(asked, step);
      open.delete(step.tag);
    }
  }
  const answered = new Set<Step>(prompt.values());
  return steps
    .filter((step) => !answered.has(step))
    .map((step) => {
      const atOnce = step.kind === "asked" ? prompt.get(step) : undefined;
      return step.kind === "asked" && atOnce !== undefined ? { ...step, atOnce } : step;
    });
}

/** Returns the answers after which TLS started: the last answer before each `secured` event. */
function securingLines(lines: readonly TrafficLine[]): ReadonlySet<TrafficLine> {
  const found = new Set<TrafficLine>();
  let last: TrafficLine | undefined;
  for (const line of lines) {
    if (line.box !== undefined && ANSWER in line.box) last = line;
    if (line.event === "secured" && last !== undefined) found.add(last);
  }
  return found;
}
