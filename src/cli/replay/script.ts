/** A recording as what there is to do: which boxes to send, which to wait for, when the stream turns to TLS. */
import { ANSWER, ASK, type Box, COMMAND, ERROR } from "../../index.ts";
import type { Endpoint } from "../proxy/endpoint.ts";
import { boxOf, type TrafficLine } from "../proxy/line.ts";
import { tagOf } from "../proxy/pairing.ts";

/** We answer what was asked with this recorded tag. */
export interface Answering {
  readonly kind: "answer";
  readonly tag: string;
  readonly box: Box;
  readonly secures: boolean;
}

/** We are asked. */
export interface Asked {
  readonly kind: "asked";
  readonly tag: string | undefined;
  readonly name: string;
  readonly box: Box;
  /** Our answer, where we had asked and sent nothing meanwhile: it goes at once, whatever else is waited for. */
  readonly atOnce?: Answering;
}

export type Step =
  /** We ask. */
  | { readonly kind: "ask"; readonly box: Box; readonly name: string }
  /** We are answered what we have asked with this tag. */
  | {
      readonly kind: "answered";
      readonly tag: string;
      readonly name: string;
      readonly box: Box;
      readonly secures: boolean;
    }
  | Asked
  | Answering
  | { readonly kind: "send"; readonly bytes: Uint8Array }
  | { readonly kind: "sent"; readonly bytes: Uint8Array }
  | { readonly kind: "end" };

export interface Script {
  readonly connection: number;
  readonly steps: readonly Step[];
}

/** One for each connection in which our side has asked or sent anything, in the order of the recording. */
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

function stepsOf(lines: readonly TrafficLine[], side: Endpoint): Step[] {
  const names = new Map<string, string>();
  const securing = securingLines(lines);
  return lines.flatMap((line): Step[] => {
    const ours = line.from === side;
    if (line.event === "ended") return ours ? [{ kind: "end" }] : [];
    if (line.raw !== undefined) {
      return [{ kind: ours ? "send" : "sent", bytes: new Uint8Array(Buffer.from(line.raw, "hex")) }];
    }
    if (line.box === undefined) return [];
    const box = boxOf(line.box);
    const secures = securing.has(line);
    const replied = tagOf(box, ANSWER) ?? tagOf(box, ERROR);
    if (replied !== undefined) {
      if (ours) return [{ kind: "answer", tag: replied, box, secures }];
      return [{ kind: "answered", tag: replied, name: names.get(replied) ?? "?", box, secures }];
    }
    const name = box.text(COMMAND);
    if (name === undefined) return []; // a box without meaning ends the connection; there is nothing to replay
    const tag = tagOf(box, ASK);
    if (!ours) return [{ kind: "asked", tag, name, box }];
    if (tag !== undefined) names.set(tag, name);
    return [{ kind: "ask", box, name }];
  });
}

/**
 * A server that asked several things and then waited may ask them one by one today; so an answer waits only for what
 * we may have had to do before it.
 */
function withPromptAnswers(steps: readonly Step[]): Step[] {
  const prompt = new Map<Asked, Answering>();
  let open: Asked[] = [];
  for (const step of steps) {
    if (step.kind === "ask" || step.kind === "send" || step.kind === "end") open = [];
    else if (step.kind === "asked") open.push(step);
    else if (step.kind === "answer") {
      const asked = open.find(({ tag }) => tag === step.tag);
      if (asked === undefined) continue;
      prompt.set(asked, step);
      open = open.filter((one) => one !== asked);
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

/** The answer behind which TLS began is the last one before: nothing passes between the two. */
function securingLines(lines: readonly TrafficLine[]): ReadonlySet<TrafficLine> {
  const found = new Set<TrafficLine>();
  let last: TrafficLine | undefined;
  for (const line of lines) {
    if (line.box !== undefined && ANSWER in line.box) last = line;
    if (line.event === "secured" && last !== undefined) found.add(last);
  }
  return found;
}
