/** The answers of a worker: their boxes, their headers, and the size that NATS allows. */
import { BadLocalReturn } from "../core/errors/responder.ts";
import { toWire } from "../core/errors/wire-codes.ts";
import { writeAnswer, writeError } from "../core/serving/answers.ts";
import { BoxEncoder } from "./boxes.ts";
import {
  FATAL_HEADER,
  headersOf,
  type NOT_A_BOX,
  type SizedHeaders,
  statusHeaders,
  type TOO_MANY,
  WORKER_HEADER,
} from "./headers.ts";
import { checkAnswerSize, type Link, payloadProblem } from "./link.ts";
import type { ServedAsk } from "./served-ask.ts";

type WireError = ReturnType<typeof toWire>;

const EMPTY = new Uint8Array(0);
/** Bytes that the headers of an error may have. */
const MAX_ERROR_HEADERS = 100;

export class WorkerAnswers {
  readonly #link: Link;
  readonly #worker: string | undefined;
  readonly #encoder = new BoxEncoder();
  /** Headers of the answers to edges, with affinity. */
  readonly #workerHeader: SizedHeaders | undefined;
  readonly #report: (error: Error, served: ServedAsk) => void;
  #isEnded = false;

  /**
   * @param worker id of the worker, which edges get with affinity
   * @param report called if an error does not fit into a message
   */
  constructor(link: Link, worker: string | undefined, report: (error: Error, served: ServedAsk) => void) {
    this.#link = link;
    this.#worker = worker;
    this.#workerHeader = worker === undefined ? undefined : headersOf({ [WORKER_HEADER]: worker });
    this.#report = report;
  }

  /** Answers with a status, without a box. */
  status(reply: string | undefined, status: typeof TOO_MANY | typeof NOT_A_BOX): void {
    if (reply !== undefined) this.#publish(reply, EMPTY, { headers: statusHeaders(status), bytes: 0 });
  }

  /** Answers with the result of a responder. @throws if it cannot be encoded, or is too large; nothing is sent then */
  result({ ask, connection }: ServedAsk, reply: string, isEdge: boolean, result: unknown): void {
    const headers = isEdge ? this.#workerHeader : undefined;
    const data = this.#encoder.encode(ask.name, (out) => writeAnswer(out, ask, result, connection));
    checkAnswerSize(this.#link.nats, ask.name, data.length + (headers?.bytes ?? 0));
    this.#publish(reply, data, headers);
  }

  /** Answers with an error. @param isFatal true if the edge closes the connection of its client */
  error(served: ServedAsk, reply: string, isEdge: boolean, wire: WireError, isFatal: boolean): void {
    this.#publish(reply, this.#errorBox(served, wire), isEdge ? this.#errorHeaders(isFatal) : undefined);
  }

  /** An error that does not fit into a message is reported, and the caller gets UNKNOWN. */
  #errorBox(served: ServedAsk, { code, description, data }: WireError): Uint8Array {
    const { ask } = served;
    const box = this.#encoder.encode(ask.name, (out) => writeError(out, ask.tag, code, description, data));
    const problem = payloadProblem(this.#link.nats, box.length + MAX_ERROR_HEADERS);
    if (problem === undefined) return box;
    this.#report(new BadLocalReturn(`the error of ${ask.name} cannot be sent: ${problem}`), served);
    const { code: unknown, description: text } = toWire(undefined, undefined);
    return this.#encoder.encode(ask.name, (out) => writeError(out, ask.tag, unknown, text, undefined));
  }

  #errorHeaders(isFatal: boolean): SizedHeaders | undefined {
    if (!isFatal) return this.#workerHeader;
    return headersOf({ [FATAL_HEADER]: "1", [WORKER_HEADER]: this.#worker });
  }

  #publish(reply: string, data: Uint8Array, headers: SizedHeaders | undefined): void {
    if (this.#isEnded || !this.#link.watch.connected) return; // its caller has noticed that the connection broke
    try {
      this.#link.nats.publish(reply, data, headers && { headers: headers.headers });
    } catch {
      // The NATS connection is closing. The caller notices the missing heartbeats.
    }
  }

  /** Drops the answers from now on. */
  end(): void {
    this.#isEnded = true;
  }
}
