/** The raw receiver: a connection as a sender of boxes, for a receiver that gets every box as it arrives. */
import { plaintextForbids } from "../connection/admission.ts";
import type { BoxReceiver, BoxSender } from "../connection/box-interfaces.ts";
import type { Feature, FeatureKind, Kernel } from "../connection/feature.ts";
import { TLSRequired } from "../errors/caller.ts";
import { toError } from "../errors/to-error.ts";
import type { Box } from "../wire/box.ts";
import { writeBox } from "../wire/box-writer.ts";
import type { Frame } from "../wire/frame.ts";

const METHODS = ["startReceivingBoxes", "boxReceived", "stopReceivingBoxes"] as const;

export const boxReceiver: FeatureKind<{ readonly receiver?: BoxReceiver | undefined }> = {
  check({ receiver }) {
    if (receiver === undefined) return;
    const missing = METHODS.find((name) => typeof receiver[name] !== "function");
    if (missing !== undefined) throw new TypeError(`the option receiver needs the method ${missing}`);
  },
  make: (kernel, { receiver }) => (receiver === undefined ? undefined : new RawBoxes(kernel, receiver)),
};

class RawBoxes implements Feature, BoxSender {
  readonly #kernel: Kernel;
  readonly #receiver: BoxReceiver;

  constructor(kernel: Kernel, receiver: BoxReceiver) {
    this.#kernel = kernel;
    this.#receiver = receiver;
  }

  started(): void {
    const receiver = this.#receiver;
    this.#watch(receiver.startReceivingBoxes(this));
    const stopped = this.#kernel.closed.then((reason) => receiver.stopReceivingBoxes(reason));
    stopped.catch((error: unknown) => this.#kernel.report(error, undefined));
  }

  boxReceived(frame: Frame): void {
    if (plaintextForbids(this.#kernel, undefined))
      throw new TLSRequired("a box was received in plaintext: requireTLS forbids it");
    // An error of the receiver is reported, and the connection fails: no further box is read.
    this.#watch(this.#receiver.boxReceived(frame.toBox()));
  }

  /** Handles the rejection of an async function, which a JavaScript program may pass. */
  #watch(result: unknown): void {
    if (result === undefined) return;
    Promise.resolve(result).catch((error: unknown) => {
      this.#kernel.report(error, undefined);
      this.#kernel.fail(toError(error));
    });
  }

  sendBox(box: Box): void {
    const kernel = this.#kernel;
    if (!kernel.rules.calls) throw kernel.whyClosed();
    if (plaintextForbids(kernel, undefined))
      throw new TLSRequired("a box may not be sent in plaintext: requireTLS forbids it");
    writeBox(kernel.out, box);
    kernel.written();
  }

  unhandledError(error: unknown, command?: string): void {
    this.#kernel.report(error, command);
    this.#kernel.fail(toError(error));
  }
}
