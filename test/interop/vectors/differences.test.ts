import { expect, it } from "vitest";
import { readVectors } from "../../support/vectors.ts";
import { DIFFERENCES, MISBEHAVIOUR, RAW_ASKS } from "./differences.ts";

it("every listed difference refers to an existing vector", () => {
  const known = (vectors: readonly { readonly name: string }[]) => vectors.map(({ name }) => name);
  const conversations = known(readVectors("conversations.json"));
  expect(conversations).toEqual(expect.arrayContaining(Object.keys({ ...DIFFERENCES, ...RAW_ASKS })));
  expect(known(readVectors("malformed.json"))).toEqual(expect.arrayContaining(Object.keys(MISBEHAVIOUR)));
});
