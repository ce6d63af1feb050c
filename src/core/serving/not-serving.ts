/** The serving half of a connection that serves nothing: every ask but GoAway is answered with `UNHANDLED`. */
import type { AskReceiver, Port } from "../calls/port.ts";
import { UNHANDLED_ERROR_CODE } from "../errors/wire-codes.ts";
import { Box } from "../wire/box.ts";
import { writeBox } from "../wire/box-writer.ts";
import type { Frame } from "../wire/frame.ts";
import { ERROR, ERROR_CODE, ERROR_DESCRIPTION } from "../wire/protocol-keys.ts";

class NotServing implements AskReceiver {
  readonly inProgress = 0;
  readonly full = false;
  readonly readsAhead = false;
  readonly #port: Port;

  constructor(port: Port) {
    this.#port = port;
  }

  receive(frame: Frame): void {
    if (this.#port.serveGoAway(frame) || frame.ask < 0 || !this.#port.alive) return;
    const box = new Box({
      [ERROR_CODE]: UNHANDLED_ERROR_CODE,
      [ERROR_DESCRIPTION]: "nothing is served here",
    });
    writeBox(this.#port.out, box.set(ERROR, frame.value(frame.ask)));
    this.#port.written();
  }

  readEnded(): void {}
  continueQueue(): void {}
  serveQueue(): void {}
  announceClosing(): void {}
  abort(): void {}
  ended(): void {}
  secured(): void {}
}

export function notServing(port: Port): AskReceiver {
  return new NotServing(port);
}
