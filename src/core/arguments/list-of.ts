/** AMP's ListOf: values of one type, each after its length. */
import { LimitExceeded, TooLong } from "../errors/caller.ts";
import { messageOf } from "../errors/to-error.ts";
import { type Argument, asInPlace, type InPlaceArgument, inPlaceArgument } from "../schema/argument.ts";
import { MAX_VALUE_LENGTH } from "../wire/box-limits.ts";
import { countElements } from "../wire/elements.ts";
import { shownValue } from "../wire/value-text.ts";

/**
 * AMP's ListOf as an array (Twisted's `amp.ListOf`). Each element follows its two-byte length. An empty value is the empty
 * list. Lists may be nested. An element is at most 65535 bytes long, and so is the whole list.
 *
 * Rejects a list that ends inside an element; Twisted drops such an element without an error.
 *
 * @throws TypeError for an optional or local element codec, because an element cannot be absent
 * @throws InvalidSignature for a value that is not a codec
 * @throws TypeError when encoding a value that is not an array
 * @throws TooLong when encoding an element that is too long
 * @throws SyntaxError when decoding; the message names the element
 */
export function listOf<T, I = T>(element: Argument<T, I>): InPlaceArgument<T[], readonly I[]> {
  const codec = asInPlace(element);
  if ("optional" in element && element.optional === true) {
    throw new TypeError("the elements of a list cannot be optional or local");
  }
  const halves: Pick<InPlaceArgument<T[], readonly I[]>, "write" | "read"> = {
    write(values, out) {
      if (!Array.isArray(values)) throw new TypeError(`an array is needed, not ${shownValue(values)}`);
      let index = 0;
      try {
        for (; index < values.length; index++) {
          const position = out.beginCounted();
          // An index below the length is safe: a hole is `undefined`, which the codec rejects.
          codec.write(values[index] as I, out);
          const length = out.endCounted(position);
          if (length > MAX_VALUE_LENGTH) throw elementTooLong(length);
        }
      } catch (error) {
        throw elementError(index, error);
      }
    },
    read(bytes, start, end) {
      const values: T[] = [];
      try {
        for (let at = start; at < end; ) {
          const from = at + 2;
          // Beyond the end, `undefined` counts as 0 here. The check below rejects it.
          const to = from + (((bytes[at] as number) << 8) | (bytes[at + 1] as number));
          if (to > end) throw cutOff(end - at);
          countElements(1);
          values.push(codec.read(bytes, from, to));
          at = to;
        }
      } catch (error) {
        throw elementError(values.length, error);
      }
      return values;
    },
  };
  return inPlaceArgument(halves, { type: "ListOf", element });
}

/** Returns an error like `cause` whose message names the element. */
export function elementError(index: number, cause: unknown): Error {
  if (cause instanceof LimitExceeded) return cause; // a limit of the box, not of this element
  const message = `element ${index}: ${messageOf(cause)}`;
  if (cause instanceof TooLong) return new TooLong(message, { cause });
  return cause instanceof SyntaxError
    ? new SyntaxError(message, { cause })
    : new TypeError(message, { cause });
}

function cutOff(received: number): SyntaxError {
  return new SyntaxError(`cut off: only ${received} bytes of it were received`);
}

function elementTooLong(length: number): TooLong {
  return new TooLong(`${length} bytes long, over the wire's limit of ${MAX_VALUE_LENGTH}`);
}
