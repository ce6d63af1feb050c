/** Properties that must hold. `npm run fuzz` tests them at length, and `npm test` briefly. */
import { readFileSync } from "node:fs";
import { codecs } from "./codecs.mjs";
import { connection } from "./connection.mjs";
import { generatedCode } from "./generated.mjs";
import { growth } from "./growth.mjs";
import { misuse } from "./misuse.mjs";
import { model } from "./model.mjs";
import { nats } from "./nats.mjs";
import { primitives } from "./primitives.mjs";
import { reader } from "./reader.mjs";

/** Folder of kept inputs: each reaches a range of the code that the others do not. */
export const corpusFolder = new URL("corpus/", import.meta.url);

export const properties = [
  ...reader,
  ...codecs,
  ...connection,
  ...model,
  ...nats,
  ...primitives,
  ...generatedCode,
  ...misuse,
  ...growth,
];

/** Returns the kept inputs of a property whose inputs are bytes. */
export function corpusOf({ name }) {
  try {
    return JSON.parse(readFileSync(new URL(`${name}.json`, corpusFolder), "utf8")).map((text) =>
      Uint8Array.from(Buffer.from(text, "hex")),
    );
  } catch (error) {
    if (error.code === "ENOENT") return [];
    throw error;
  }
}
