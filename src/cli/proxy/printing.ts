/** Traffic as a line for people. */
import { safeText } from "../../core/errors/safe-text.ts";
import { type Box, ERROR_CODE, ERROR_DESCRIPTION } from "../../index.ts";
import type { Style } from "../print/style.ts";
import { shown } from "../print/values.ts";
import type { Meaning } from "./pairing.ts";
import type { LegTLS, Traffic } from "./traffic.ts";
import { typedValuesOf } from "./typed-box.ts";

/** The protocol's own keys. An application may have others that begin with an underscore. */
const HIDDEN = new Set(["_ask", "_answer", "_error", "_command", ERROR_CODE, ERROR_DESCRIPTION]);

export interface PrintOptions {
  readonly paint: Style;
  /** Characters of one value; the rest is left out. */
  readonly longest: number;
  /** Only one direction is seen: that an answer's ask is not there says nothing. */
  readonly oneSided?: boolean;
}

export function printedLine(
  connection: number,
  traffic: Traffic,
  options: PrintOptions,
  time = new Date(),
): string {
  const { paint } = options;
  const clock = time.toISOString().slice(11, 23);
  return `${paint.dim(clock)} ${paint.cyan(`#${connection}`)} ${told(traffic, options)}`;
}

function told(traffic: Traffic, options: PrintOptions): string {
  const { paint } = options;
  switch (traffic.kind) {
    case "opened":
      return paint.dim(`opened${traffic.peer === undefined ? "" : ` from ${traffic.peer}`}`);
    case "box":
      return `${traffic.secure ? paint.green("tls") : paint.dim("---")} ${traffic.from} ${boxLine(traffic, options)}`;
    case "raw": {
      const { from, bytes } = traffic;
      const count = `${bytes.length} ${bytes.length === 1 ? "byte" : "bytes"}`;
      return `${from} sent ${count}, not AMP: ${shortened(shown(bytes), options.longest)}`;
    }
    case "secured":
      return paint.green(`TLS: ${leg("client", traffic.client)}; ${leg("server", traffic.server)}`);
    case "ended":
      return paint.dim(`${traffic.from} has ended its side`);
    case "closed":
      return traffic.reason === undefined
        ? paint.dim("closed")
        : paint.red(`closed: ${safeText(traffic.reason.message)}`);
  }
}

/** A box alone, without who sent it and when. */
export function boxLine(
  { box, meaning }: Pick<Traffic & { kind: "box" }, "box" | "meaning">,
  options: PrintOptions,
): string {
  const { paint } = options;
  const values = fields(box, meaning, options);
  if (meaning.kind === "stray") return `${paint.yellow("sent a box without meaning")}${values}`;
  if (meaning.kind === "ask") {
    const { name, tag } = meaning;
    const verb = tag === undefined ? "tells" : "asks";
    return `${verb} ${paint.bold(safeText(name))}${tagText(tag)}${values}`;
  }
  const { kind, ask, tag, took, code = "", description = "" } = meaning;
  const nobody = options.oneSided ? "an ask" : paint.yellow("what nobody asked");
  const name = ask === undefined ? nobody : paint.bold(safeText(ask.name));
  const time = took === undefined ? "" : paint.dim(` in ${milliseconds(took)}`);
  const head = `${kind === "error" ? "fails" : "answers"} ${name}${tagText(tag)}${time}`;
  if (kind === "answer") return `${head}${values}`;
  return `${head} ${paint.red(safeText(code))}: ${shortened(safeText(description), options.longest)}${values}`;
}

function fields(box: Box, meaning: Meaning, { paint, longest }: PrintOptions): string {
  const typed = typedValuesOf(box, meaning);
  const entries = typed === undefined ? [...box].filter(([key]) => !HIDDEN.has(key)) : Object.entries(typed);
  return entries
    .map(([key, value]) => ` ${paint.cyan(safeText(key))}=${shortened(shown(value), longest)}`)
    .join("");
}

function tagText(tag: string | undefined): string {
  return tag === undefined ? "" : ` [${safeText(tag)}]`;
}

function milliseconds(took: number): string {
  return `${took < 100 ? took.toFixed(1) : Math.round(took)} ms`;
}

function leg(name: string, { protocol, certificate }: LegTLS): string {
  const who = certificate === undefined ? "without certificate" : `which is ${certificate}`;
  return `${protocol} with the ${name}, ${safeText(who)}`;
}

function shortened(text: string, longest: number): string {
  return text.length > longest ? `${text.slice(0, longest)}… (${text.length} characters)` : text;
}
