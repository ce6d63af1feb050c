import { type Box, encodeBox, parseBoxes, type Transport, type TransportReceiver } from "ampwire";

/** A transport whose other end is played by the test. */
export class Line implements Transport {
  receiver: TransportReceiver | undefined;
  readonly written: Uint8Array[] = [];
  unsent = 0;
  taken: number | undefined;
  readonly undelivered = 0;
  ended = false;
  destroyed = false;

  start(receiver: TransportReceiver): void {
    this.receiver = receiver;
  }
  write(...chunks: readonly Uint8Array[]): void {
    for (const chunk of chunks) this.written.push(chunk.slice());
  }
  flushed(): Promise<void> {
    return Promise.resolve();
  }
  pause(): void {}
  resume(): void {}
  end(): void {
    this.ended = true;
  }
  destroy(reason?: Error): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.receiver?.lost(reason);
  }

  say(box: Box): void {
    this.receiver?.received(encodeBox(box));
  }
  heard(): string[] {
    return this.written
      .splice(0)
      .flatMap((bytes) => parseBoxes(bytes).map((box) => box.text("_command") ?? ""));
  }
}
