/** What must hold: everything that `npm run fuzz` tries for long, and `npm test` for a moment. */
import { readFileSync } from "node:fs";
import { codecs } from "./codecs.mjs";
import { connection } from "./connection.mjs";
import { model } from "./model.mjs";
import { primitives } from "./primitives.mjs";
import { reader } from "./reader.mjs";

/** The folder of inputs that are kept because each comes to a place in the code that the others do not. */
export const corpusFolder = new URL("corpus/", import.meta.url);

export const properties = [...reader, ...codecs, ...connection, ...model, ...primitives];

/** The kept inputs of a property that takes bytes. */
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
