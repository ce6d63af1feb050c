/** Errors with data: values that are sent next to the error code. */

import { InvalidSignature } from "../errors/caller.ts";
import type { ErrorWithData } from "../errors/declared-errors.ts";
import { BadLocalReturn } from "../errors/responder.ts";
import { messageOf } from "../errors/to-error.ts";
import type { Fields, InputOf, ValuesOf } from "../schema/argument.ts";
import { BoxTemplate, NO_TAG } from "../schema/box-template.ts";
import type { Values } from "../schema/field.ts";
import { FieldSet } from "../schema/field-set.ts";
import { readFields } from "../schema/read-fields.ts";
import { Box } from "../wire/box.ts";
import { ByteWriter } from "../wire/byte-writer.ts";
import { frameOfBox, frameOfBytes } from "../wire/frame-of.ts";
import { PROTOCOL_KEYS } from "../wire/protocol-keys.ts";
import { wrongType } from "../wire/value-text.ts";

/**
 * Declares an error class with data, for `errors` and `fatalErrors` of a command:
 * `errors: { QUOTA: declaredError(QuotaError, { limit: integer() }) }`.
 *
 * The values are properties of the thrown error, `error.limit`. They are sent as keys of the error box, which Twisted ignores.
 * The caller's error is created with the received values: `new QuotaError(description, { limit })`.
 *
 * If a responder throws an error without a required value, the peer gets the error code `UNKNOWN`, and `onError` a
 * BadLocalReturn. If the peer sends no valid values, for example because it is a Twisted program, the call rejects with
 * UnknownRemoteError, whose `cause` names the value: declare values `optional` that such a peer omits.
 *
 * @throws InvalidSignature, TooLong if the class or a field is invalid
 */
export function declaredError<F extends Fields>(
  errorClass: new (message: string, data: ValuesOf<F>) => Error & InputOf<F>,
  fields: F,
): ErrorWithData {
  if (typeof errorClass !== "function") throw wrongType("declaredError", "an error class", errorClass);
  const { name } = errorClass;
  const set = new FieldSet(fields, `data of ${name}`, false);
  for (const field of Object.keys(fields)) {
    if (PROTOCOL_KEYS.has(field)) throw new InvalidSignature(`${field} of ${name}: AMP reserves this key`);
  }
  const template = new BoxTemplate(set, []);
  return {
    errorClass,
    encode(error) {
      const out = new ByteWriter();
      try {
        // Any object is a record of unknown values: the schema checks each of them.
        template.write(out, NO_TAG, error as object as Values);
      } catch (cause) {
        throw new BadLocalReturn(`an error cannot be sent: ${messageOf(cause)}`, { cause });
      }
      return frameOfBytes(out.copy()).toBox();
    },
    // The field set was compiled from F, so it reads the values of F.
    create: (description, box) =>
      new errorClass(description, readFields(set, frameOfBox(new Box(box))) as ValuesOf<F>),
  };
}
