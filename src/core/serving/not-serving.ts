/** Serves nothing: every ask is answered with `UNHANDLED`. */
import type { AskReceiver } from "../calls/dispatcher.ts";
import type { Host } from "../calls/port.ts";
import { UNHANDLED_ERROR_CODE } from "../errors/wire-codes.ts";
import { Box } from "../wire/box.ts";
import { writeBox } from "../wire/box-writer.ts";
import type { Frame } from "../wire/frame.ts";
import { ERROR, ERROR_CODE, ERROR_DESCRIPTION } from "../wire/protocol-keys.ts";

class NotServing implements AskReceiver {
  readonly inProgress = 0;
  readonly #host: Host;

  constructor(host: Host) {
    this.#host = host;
  }

  receive(frame: Frame): void {
    if (frame.ask < 0 || !this.#host.alive) return;
    const box = new Box({
      [ERROR_CODE]: UNHANDLED_ERROR_CODE,
      [ERROR_DESCRIPTION]: "nothing is served here",
    });
    writeBox(this.#host.out, box.set(ERROR, frame.value(frame.ask)));
    this.#host.written();
  }
}

export const notServing = (host: Host): AskReceiver => new NotServing(host);
