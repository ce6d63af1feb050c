/** The low level: a connection as a sender of boxes, for a receiver that takes them as they come. */
import type { BoxSender } from "../dispatch/box-interfaces.ts";
import { TLSRequired } from "../errors/caller.ts";
import { errorOf } from "../errors/thrown.ts";
import type { Box } from "../wire/box.ts";
import { writeBox } from "../wire/writer.ts";
import { plaintextForbids } from "./admission.ts";
import type { Ending } from "./ending.ts";
import type { Parts } from "./parts.ts";

export class ConnectionSender implements BoxSender {
  readonly #parts: Parts;
  readonly #ending: Ending;

  constructor(parts: Parts, ending: Ending) {
    this.#parts = parts;
    this.#ending = ending;
  }

  sendBox(box: Box): void {
    const { output, standing } = this.#parts;
    if (!standing.rules.calls) throw standing.whyClosed();
    if (plaintextForbids(this.#parts, undefined))
      throw new TLSRequired("a box may not be sent in plaintext: requireTLS lets none out");
    writeBox(output.out, box);
    output.written();
  }

  unhandledError(error: unknown): void {
    this.#ending.fail(errorOf(error));
  }
}
