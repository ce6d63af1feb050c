import fc from "fast-check";
import { describe } from "vitest";
import { boolean } from "../../../src/core/arguments/boolean.ts";
import { bringsBack, doesNotSend, reads, refuses, sends } from "../../contracts/codec.ts";

describe("boolean", () => {
  reads(boolean(), "True", true);
  reads(boolean(), "False", false);
  for (const wire of [
    "",
    "true",
    "TRUE",
    "1",
    "0",
    "yes",
    "Tru",
    "Truee",
    "True ",
    " True",
    "Falsf",
    "True\0",
  ]) {
    refuses(boolean(), wire, /not a boolean \(True or False\)/);
  }
  sends(boolean(), true, "True");
  sends(boolean(), false, "False");
  for (const value of [1, 0, "True", "", null, undefined]) doesNotSend(boolean(), value, TypeError);
  bringsBack(boolean(), fc.boolean());
});
