/** Writes commands as a TypeScript module. Formatters do not change its layout at any line width from 80. */
import {
  type CommandDescription,
  type ErrorDescription,
  extensionOf,
  type ModuleDescription,
  Names,
  type OwnParts,
  type TypeDescription,
  type Types,
} from "../translate/description.ts";

export interface TypeScriptOptions {
  /** Integers become `bigint` (default: `number`). */
  readonly bigint?: boolean | undefined;
}

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
const fromNode: ReadonlySet<string> = new Set(["compressed", "descriptor", "protocolSwitch", "zlib"]);

/** Name of the function that replaces codecs that cannot be translated, and its text. */
const MISSING = "missingCodec";
const MISSING_CODEC = `/** Replaces a codec that could not be translated. It throws. */
function ${MISSING}(className: string): Argument<unknown> {
  const fail = (): never => {
    throw new Error(\`\${className} has no codec in TypeScript yet\`);
  };
  return { encode: fail, decode: fail };
}`;

/** Built-in error classes that both languages have, by their names in Python. */
const sharedErrors: Readonly<Record<string, string>> = {
  Exception: "Error",
  BaseException: "Error",
  TypeError: "TypeError",
  SyntaxError: "SyntaxError",
  ReferenceError: "ReferenceError",
};

const RESERVED_WORDS =
  "arguments await break case catch class const continue debugger default delete do else enum eval export extends false finally for function if implements import in instanceof interface let new null package private protected public return static super switch this throw true try typeof var void while with yield";
const API_NAMES = [
  ...Object.values(codecs),
  ...["Argument", "big", "compressed", "zlib", MISSING],
  "ampList",
  "listOf",
  "optional",
  "command",
  "protocolSwitch",
  "StartTLS",
];
const GLOBALS = [
  "Error",
  "EvalError",
  "RangeError",
  "ReferenceError",
  "SyntaxError",
  "TypeError",
  "URIError",
];

export function writeTypeScript(module: ModuleDescription, options: TypeScriptOptions = {}): string {
  return new Writer(module, options).text();
}

class Writer {
  readonly #module: ModuleDescription;
  readonly #bigint: boolean;
  readonly #names = new Names([...RESERVED_WORDS.split(" "), ...API_NAMES, ...GLOBALS], /^[\p{L}_]/u);
  readonly #used = new Set<string>();

  constructor(module: ModuleDescription, { bigint = false }: TypeScriptOptions) {
    this.#module = module;
    this.#bigint = bigint;
  }

  text(): string {
    // Errors are named first, so a command with the name of an error gets the underscore.
    const errors = this.#module.errors.filter((error) => !isShared(error)).map((error) => this.#error(error));
    const commands = this.#module.commands.map((command) => this.#command(command));
    const missing = this.#used.has("type Argument") ? [MISSING_CODEC] : [];
    return `${[...this.#notice(), this.#imports(), ...missing, ...errors, ...commands].join("\n\n")}\n`;
  }

  /** Explains how to replace a codec, if one could not be translated. */
  #notice(): string[] {
    for (const command of this.#module.commands) {
      for (const title of ["arguments", "response"] as const) {
        const field = Object.entries(command[title]).find(([, type]) => isUntranslated(type));
        if (field === undefined) continue;
        const name = this.#names.of(command.className);
        return [
          `// The marked codecs could not be translated. To replace one, leave this file as
// it is, and extend the command under the same name in a file of your own:
//
//   export const ${name} = imported.${name}.extend(${JSON.stringify(command.name)}, {
//     ${title}: { ${property(field[0])}: yourCodec },
//   });`,
        ];
      }
    }
    return [];
  }

  #imports(): string {
    const from = (specifier: string, names: readonly string[]) => {
      if (names.length === 0) return [];
      const line = `import { ${names.join(", ")} } from "${specifier}";`;
      return [line.length <= 80 ? line : `import {\n  ${names.join(",\n  ")},\n} from "${specifier}";`];
    };
    const used = [...this.#used].sort(inImports);
    return [
      ...from(
        "ampwire",
        used.filter((name) => !fromNode.has(name)),
      ),
      ...from(
        "ampwire/node",
        used.filter((name) => fromNode.has(name)),
      ),
    ].join("\n");
  }

  #error({ name, base, documentation }: ErrorDescription): string {
    const above = base === undefined || base === null ? "Error" : this.#errorName(base);
    const made = this.#names.of(`error ${name}`, name);
    // The type is written, because the name of a subclass is another literal.
    const body = `{\n  override readonly name: string = ${JSON.stringify(name)};\n}`;
    return `${comment(documentation)}export class ${made} extends ${above} ${body}`;
  }

  #errorName(name: string): string {
    const error = this.#module.errors.find((one) => one.name === name);
    if (error !== undefined && isShared(error)) return sharedErrors[name] ?? "Error";
    return this.#names.of(`error ${name}`, name);
  }

  #command(command: CommandDescription): string {
    const { base, own, from } = extensionOf(command, this.#module.commands);
    const spec = this.#spec(command, own, from);
    const made = `${this.#maker(command, base)}(${JSON.stringify(command.name)}`;
    const rest = spec === "" ? ");" : `, {\n${spec}});`;
    return `${comment(command.documentation)}export const ${this.#names.of(command.className)} = ${made}${rest}`;
  }

  #maker(command: CommandDescription, base: CommandDescription | undefined): string {
    if (base !== undefined) return `${this.#names.of(base.className)}.extend`;
    if (command.kind === "startTLS") return `${this.#use("StartTLS")}.extend`;
    return this.#use(command.kind === "protocolSwitch" ? "protocolSwitch" : "command");
  }

  #spec({ kind }: CommandDescription, own: OwnParts, from: OwnParts): string {
    const plain = kind === "command";
    const lines = [
      this.#types("arguments", own.arguments, plain),
      // Twisted sends an empty answer to a protocol switch, even if the class declares a response.
      kind === "protocolSwitch" ? "" : this.#types("response", own.response, plain),
      this.#errors("errors", own.errors),
      this.#errors("fatalErrors", own.fatalErrors),
    ];
    for (const flag of ["requiresAnswer", "requireTLS", "idempotent"] as const) {
      if (own[flag] !== from[flag]) lines.push(`  ${flag}: ${own[flag]},\n`);
    }
    if (Boolean(own.quits) !== Boolean(from.quits))
      lines.push(`  responseType: ${this.#use(own.quits ? "quitBox" : "plainBox")},\n`);
    return lines.join("");
  }

  /** @param locals true to write `Local` fields too; StartTLS declares its own */
  #types(title: string, types: Types, locals: boolean): string {
    const shown = Object.entries(types).filter(([, { type }]) => locals || type !== "Local");
    if (shown.length === 0) return "";
    return `  ${title}: {\n${this.#fields(shown, "    ")}  },\n`;
  }

  #fields(fields: readonly (readonly [string, TypeDescription])[], indent: string): string {
    return fields
      .map(
        ([name, type]) => `${indent}${property(name)}: ${this.#codec(type, indent)},${this.#remark(type)}\n`,
      )
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
      this.#used.add("type Argument");
      return `${MISSING}(${JSON.stringify(type.className)})`;
    }
    if (type.element !== undefined) return this.#around("listOf", type.element, indent, []);
    if (type.fields !== undefined) {
      const rows = Object.entries(type.fields);
      if (rows.length === 0) return `${this.#use("ampList")}({})`;
      return `${this.#use("ampList")}({\n${this.#fields(rows, `${indent}  `)}${indent}})`;
    }
    const name = this.#bigint && type.type === "Integer" ? "bigInteger" : (codecs[type.type] ?? "bytes");
    return `${this.#use(name)}(${objectText(this.#options(type), indent)})`;
  }

  /** Writes the call of a function on a codec, and options if there are any. */
  #around(
    name: string,
    inner: TypeDescription,
    indent: string,
    options: readonly (readonly [string, string])[],
  ): string {
    const called = this.#use(name);
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
    return [...entries, ["compression", `${this.#use("zlib")}(${of})`]];
  }

  #remark(type: TypeDescription): string {
    for (let inner: TypeDescription | undefined = type; inner !== undefined; inner = inner.element) {
      if (inner.type === "Unknown" && inner.ownBox === true)
        return ` // write a codec: the Python class ${inner.className} uses keys of its own`;
      if (inner.type === "Unknown") return ` // bytes of the Python class ${inner.className}`;
      if (inner.type === "AmpList" && inner.className !== undefined)
        return ` // rows of the Python class ${inner.className}, which has conversions of its own`;
    }
    return "";
  }

  #errors(title: string, errors: Readonly<Record<string, string>>): string {
    const entries = Object.entries(errors);
    if (entries.length === 0) return "";
    const lines = entries.map(([code, name]) => `    ${property(code)}: ${this.#errorName(name)},\n`);
    return `  ${title}: {\n${lines.join("")}  },\n`;
  }

  #use(name: string): string {
    this.#used.add(name);
    return name;
  }
}

function isShared({ name, builtin }: ErrorDescription): boolean {
  return builtin && Object.hasOwn(sharedErrors, name);
}

/** True if a codec of the type is marked in the file. */
function isUntranslated({ type, className, element, fields }: TypeDescription): boolean {
  if (type === "Unknown" || className !== undefined) return true;
  if (element !== undefined && isUntranslated(element)) return true;
  return fields !== undefined && Object.values(fields).some(isUntranslated);
}

/** Writes an object on one line if it has one property, else each property on a line of its own. */
function objectText(entries: readonly (readonly [string, string])[], indent: string): string {
  if (entries.length === 0) return "";
  const lines = entries.map(([name, text]) => `${property(name)}: ${text}`);
  if (lines.length === 1) return `{ ${lines[0]} }`;
  return `{\n${lines.map((line) => `${indent}  ${line},\n`).join("")}${indent}}`;
}

function property(name: string): string {
  if (name === "__proto__") return '["__proto__"]'; // otherwise it would set the prototype
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
}

function comment(text: string | null | undefined): string {
  if (text === undefined || text === null) return "";
  const lines = text.replaceAll("*/", "* /").split("\n");
  if (lines.length === 1) return `/** ${lines[0]} */\n`;
  return `/**\n${lines.map((line) => ` * ${line}`.trimEnd()).join("\n")}\n */\n`;
}

/** Compares import names as formatters do: without `type`, by the first letter that differs, an upper-case one first. */
function inImports(one: string, other: string): number {
  const [a, b] = [one.replace("type ", ""), other.replace("type ", "")];
  for (let at = 0; at < Math.min(a.length, b.length); at++) {
    const [x = "", y = ""] = [a[at], b[at]];
    if (x === y) continue;
    const [lowerX, lowerY] = [x.toLowerCase(), y.toLowerCase()];
    return (lowerX === lowerY ? x < y : lowerX < lowerY) ? -1 : 1;
  }
  return a.length - b.length;
}
