/** Writes the codecs of fields as TypeScript expressions. */
import type { TypeDescription } from "../translate/description.ts";
import type { Imports } from "./imports.ts";
import { objectText, property } from "./typescript-text.ts";

/** Codecs by AMP type. */
const codecs: Readonly<Record<string, string>> = {
  Integer: "integer",
  BigInteger: "bigInteger",
  String: "bytes",
  Unicode: "unicode",
  Boolean: "boolean",
  Float: "float",
  Decimal: "decimal",
  DateTime: "dateTime",
  Path: "path",
  BigBytes: "bigBytes",
  BigUnicode: "bigUnicode",
  Descriptor: "descriptor",
  Local: "local",
  Unknown: "bytes",
};

/** Name of the function that replaces codecs that cannot be translated. */
const MISSING = "missingCodec";
/** Declaration of that function. */
export const MISSING_CODEC = `/** Replaces a codec that could not be translated. It throws. */
function ${MISSING}(className: string): Argument<unknown> {
  const fail = (): never => {
    throw new Error(\`\${className} has no codec in TypeScript yet\`);
  };
  return { encode: fail, decode: fail };
}`;

/** Names that the expressions use. */
export const CODEC_NAMES = [
  ...Object.values(codecs),
  ...["Argument", "big", "compressed", "zlib", MISSING, "ampList", "listOf", "optional"],
];

export class CodecWriter {
  readonly #imports: Imports;
  readonly #bigint: boolean;

  /** @param bigint true to write integers as `bigInteger` */
  constructor(imports: Imports, bigint: boolean) {
    this.#imports = imports;
    this.#bigint = bigint;
  }

  /** True if a codec was written that throws: the module needs {@link MISSING_CODEC}. */
  get needsMissingCodec(): boolean {
    return this.#imports.has("type Argument");
  }

  /** Returns the properties of an object of codecs, one a line. */
  fields(fields: readonly (readonly [string, TypeDescription])[], indent: string): string {
    return fields
      .map(([name, type]) => `${indent}${property(name)}: ${this.#codec(type, indent)},${remark(type)}\n`)
      .join("");
  }

  #codec(type: TypeDescription, indent: string): string {
    if (type.optional && type.type !== "Local") {
      return this.#around("optional", { ...type, optional: false }, indent, []);
    }
    if (type.type === "Big" && type.element !== undefined) {
      return this.#around("big", type.element, indent, this.#options(type));
    }
    if (type.type === "Compressed" && type.element !== undefined) {
      return this.#around("compressed", type.element, indent, []);
    }
    if (type.type === "Unknown" && type.ownBox === true) {
      this.#imports.use("type Argument");
      return `${MISSING}(${JSON.stringify(type.className)})`;
    }
    if (type.element !== undefined) return this.#around("listOf", type.element, indent, []);
    if (type.fields !== undefined) {
      const rows = Object.entries(type.fields);
      if (rows.length === 0) return `${this.#imports.use("ampList")}({})`;
      return `${this.#imports.use("ampList")}({\n${this.fields(rows, `${indent}  `)}${indent}})`;
    }
    const name = this.#bigint && type.type === "Integer" ? "bigInteger" : (codecs[type.type] ?? "bytes");
    return `${this.#imports.use(name)}(${objectText(this.#options(type), indent)})`;
  }

  /** Writes the call of a function on a codec, and options if there are any. */
  #around(
    name: string,
    inner: TypeDescription,
    indent: string,
    options: readonly (readonly [string, string])[],
  ): string {
    const called = this.#imports.use(name);
    const text = this.#codec(inner, indent);
    const tail = options.length === 0 ? "" : `, ${objectText(options, indent)}`;
    const flat = `${called}(${text}${tail})`;
    if (!flat.includes("\n")) return flat;
    // Formatters write each argument on lines of its own if one of them has several lines.
    const deeper = `${indent}  `;
    const parts = [
      this.#codec(inner, deeper),
      ...(options.length === 0 ? [] : [objectText(options, deeper)]),
    ];
    return `${called}(\n${parts.map((part) => `${deeper}${part},\n`).join("")}${indent})`;
  }

  /** Returns the options of a codec as names and code. */
  #options({ options, compression }: TypeDescription): (readonly [string, string])[] {
    const text = (value: unknown) => (value === "Infinity" ? value : JSON.stringify(value));
    const entries = Object.entries(options ?? {}).map(([name, value]) => [name, text(value)] as const);
    if (compression === undefined || compression === "none") return entries;
    const of = compression === "pieces" ? `{ of: "pieces" }` : "";
    return [...entries, ["compression", `${this.#imports.use("zlib")}(${of})`]];
  }
}

/** Returns the comment after a codec that could not be translated. */
function remark(type: TypeDescription): string {
  for (let inner: TypeDescription | undefined = type; inner !== undefined; inner = inner.element) {
    if (inner.type === "Unknown" && inner.ownBox === true)
      return ` // write a codec: the Python class ${inner.className} uses keys of its own`;
    if (inner.type === "Unknown") return ` // bytes of the Python class ${inner.className}`;
    if (inner.type === "AmpList" && inner.className !== undefined)
      return ` // rows of the Python class ${inner.className}, which has conversions of its own`;
  }
  return "";
}

/** True if a codec of the type is marked in the file. */
export function isUntranslated({ type, className, element, fields }: TypeDescription): boolean {
  if (type === "Unknown" || className !== undefined) return true;
  if (element !== undefined && isUntranslated(element)) return true;
  return fields !== undefined && Object.values(fields).some(isUntranslated);
}
