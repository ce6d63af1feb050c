/** Events of a connection, as an asynchronous iterable. */

interface Status {
  readonly type: string;
  readonly error?: unknown;
}

export class StatusQueue implements AsyncIterable<Status> {
  readonly #events: Status[] = [];
  #ended = false;
  #wake: (() => void) | undefined;

  push(status: Status): void {
    this.#events.push(status);
    this.#wake?.();
  }

  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Status> {
    for (;;) {
      const event = this.#events.shift();
      if (event !== undefined) yield event;
      else if (this.#ended) return;
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
    }
  }
}
