/** Messages of the NATS server in memory. */

/** Headers of a published message: those of `headers()` of `@nats-io/nats-core`. */
export interface PublishedHeaders extends Iterable<[string, string[]]> {
  readonly code: number;
}

/** Headers of a received message. */
export interface ReceivedHeaders {
  /** Status of the message; 0 if it has none. */
  readonly code: number;
  /** Returns the value of a header; empty if the message does not have it. */
  get(name: string): string;
}

/** A message on its way. */
export interface MemoryMessage {
  readonly subject: string;
  readonly reply: string | undefined;
  readonly data: Uint8Array;
  readonly headers: ReceivedHeaders | undefined;
}

/** Copies headers: a server gets them as bytes, so later changes of the program have no effect. */
export function receivedHeaders(published: PublishedHeaders | undefined): ReceivedHeaders | undefined {
  if (published === undefined) return undefined;
  const values = new Map(Array.from(published, ([name, [first = ""]]) => [name, first.trim()]));
  return { code: published.code, get: (name) => values.get(name) ?? "" };
}

export function sizeOf(data: Uint8Array, published: PublishedHeaders | undefined): number {
  if (published === undefined) return data.length;
  let size = data.length + "NATS/1.0\r\n\r\n".length;
  for (const [name, values] of published) for (const value of values) size += name.length + value.length + 4;
  return size;
}
