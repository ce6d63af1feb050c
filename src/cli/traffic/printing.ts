/** Formats traffic as a line of text. */
import { safeText } from "../../core/errors/safe-text.ts";
import { type Box, ERROR_CODE, ERROR_DESCRIPTION } from "../../index.ts";
import type { Style } from "../print/style.ts";
import { formatValue, KEY_MARKS, quotedIfNeeded, shortText, unquotedValue } from "../print/values.ts";
import { MAX_ERROR_CHARACTERS } from "./limits.ts";
import type { Meaning } from "./pairing.ts";
import type { SessionInfo, Traffic } from "./traffic.ts";
import { typedBoxOf } from "./typed-box.ts";

/** Keys of the protocol. Keys of an application may begin with an underscore too. */
const HIDDEN = new Set(["_ask", "_answer", "_error", "_command", ERROR_CODE, ERROR_DESCRIPTION]);

/** A tag is printed in brackets. */
const TAG_MARKS = /[\s"\]]/u;
/** A description is a sentence. It is quoted only if a part of it looks like a field. */
const DESCRIPTION_MARKS = /[="]/;

export interface PrintOptions {
  readonly style: Style;
  /** Maximum number of characters of one value. The rest is omitted. */
  readonly longest: number;
  /** True if only one direction is known, so that answers never have an ask. */
  readonly oneSided?: boolean;
}

export function printedLine(
  connection: number,
  traffic: Traffic,
  options: PrintOptions,
  time = new Date(),
): string {
  const { style } = options;
  const clock = time.toISOString().slice(11, 23);
  return `${style.dim(clock)} ${style.cyan(`#${connection}`)} ${trafficText(traffic, options)}`;
}

function trafficText(traffic: Traffic, options: PrintOptions): string {
  const { style } = options;
  switch (traffic.kind) {
    case "opened":
      return style.dim(`opened${traffic.peer === undefined ? "" : ` from ${traffic.peer}`}`);
    case "box":
      return `${traffic.secure ? style.green("tls") : style.dim("---")} ${traffic.from} ${boxLine(traffic, options)}`;
    case "raw": {
      const { from, bytes } = traffic;
      const count = `${bytes.length} ${bytes.length === 1 ? "byte" : "bytes"}`;
      return `${from} sent ${count} that are not AMP: ${unquotedValue(bytes, options.longest)}`;
    }
    case "secured":
      return style.green(
        `TLS: ${sessionPart("client", traffic.client)}; ${sessionPart("server", traffic.server)}`,
      );
    case "ended":
      return style.dim(`${traffic.from} ended its side`);
    case "closed":
      return traffic.reason === undefined
        ? style.dim("closed")
        : style.red(`closed: ${safeText(traffic.reason.message)}`);
  }
}

/** Formats a box without its sender and time. */
export function boxLine(
  { box, meaning, repeated = [] }: Pick<Traffic & { kind: "box" }, "box" | "meaning" | "repeated">,
  options: PrintOptions,
): string {
  const { style } = options;
  const values = fields(box, meaning, options) + repeatedText(repeated, options);
  if (meaning.kind === "stray")
    return `${style.yellow("sent a box that is neither ask nor answer")}${values}`;
  if (meaning.kind === "ask") {
    const { name, tag } = meaning;
    const action = tag === undefined ? "sends" : "asks";
    return `${action} ${style.bold(quotedIfNeeded(name, options.longest))}${tagText(tag, options.longest)}${values}`;
  }
  const { kind, ask, tag, took, code = "", description = "" } = meaning;
  const unknown = options.oneSided ? "an ask" : style.yellow("an unknown ask");
  const name = ask === undefined ? unknown : style.bold(quotedIfNeeded(ask.name, options.longest));
  const time = took === undefined ? "" : style.dim(` in ${milliseconds(took)}`);
  const head = `${kind === "error" ? "fails" : "answers"} ${name}${tagText(tag, options.longest)}${time}`;
  if (kind === "answer") return `${head}${values}`;
  return `${head} ${style.red(quotedIfNeeded(code, options.longest))}: ${quotedIfNeeded(description, options.longest, DESCRIPTION_MARKS)}${values}`;
}

function fields(box: Box, meaning: Meaning, { style, longest }: PrintOptions): string {
  const typed = typedBoxOf(box, meaning);
  const entries = Object.entries(typed?.values ?? {});
  if (typed?.values === undefined) entries.push(...[...box].filter(([key]) => !HIDDEN.has(key)));
  const shown = entries.map(
    ([key, value]) =>
      ` ${style.cyan(quotedIfNeeded(key, longest, KEY_MARKS))}=${formatValue(value, longest)}`,
  );
  if (typed?.mismatch === undefined) return shown.join("");
  const reason = shortText(safeText(typed.mismatch), MAX_ERROR_CHARACTERS);
  return `${shown.join("")} ${style.red(`(does not fit the schema: ${reason})`)}`;
}

/** Maximum number of repeated keys that are named. */
const MAX_REPEATED = 10;

function repeatedText(keys: readonly string[], { style, longest }: PrintOptions): string {
  if (keys.length === 0) return "";
  const shown = keys.slice(0, MAX_REPEATED).map((key) => quotedIfNeeded(key, longest, KEY_MARKS));
  const more = keys.length > MAX_REPEATED ? ` and ${keys.length - MAX_REPEATED} more` : "";
  return style.yellow(` (repeated: ${shown.join(", ")}${more})`);
}

function tagText(tag: string | undefined, longest: number): string {
  return tag === undefined ? "" : ` [${quotedIfNeeded(tag, longest, TAG_MARKS)}]`;
}

function milliseconds(took: number): string {
  return `${took < 100 ? took.toFixed(1) : Math.round(took)} ms`;
}

function sessionPart(name: string, { protocol, certificate }: SessionInfo): string {
  const peer = certificate === undefined ? "without certificate" : `certificate ${certificate}`;
  return `${protocol} with the ${name}, ${safeText(peer)}`;
}
