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
const fromNode: ReadonlySet<string> = new Set(["descriptor", "protocolSwitch"]);

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
    return `${[this.#imports(), ...errors, ...commands].join("\n\n")}\n`;
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
    return `${comment(documentation)}export class ${this.#names.of(`error ${name}`, name)} extends ${above} {}`;
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
      return `${this.#use("optional")}(${this.#codec({ ...type, optional: false }, indent)})`;
    }
    if (type.element !== undefined) return `${this.#use("listOf")}(${this.#codec(type.element, indent)})`;
    if (type.fields !== undefined) {
      const rows = Object.entries(type.fields);
      if (rows.length === 0) return `${this.#use("ampList")}({})`;
      return `${this.#use("ampList")}({\n${this.#fields(rows, `${indent}  `)}${indent}})`;
    }
    const name = this.#bigint && type.type === "Integer" ? "bigInteger" : (codecs[type.type] ?? "bytes");
    return `${this.#use(name)}(${optionsOf(type)})`;
  }

  #remark(type: TypeDescription): string {
    for (let inner: TypeDescription | undefined = type; inner !== undefined; inner = inner.element) {
      if (inner.type === "Unknown") return ` // bytes of the Python class ${inner.className}`;
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

function optionsOf({ options }: TypeDescription): string {
  const entries = Object.entries(options ?? {});
  if (entries.length === 0) return "";
  const text = (value: unknown) => (value === "Infinity" ? value : JSON.stringify(value));
  return `{ ${entries.map(([name, value]) => `${property(name)}: ${text(value)}`).join(", ")} }`;
}

function property(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
}

function comment(text: string | null | undefined): string {
  if (text === undefined || text === null) return "";
  const lines = text.replaceAll("*/", "* /").split("\n");
  if (lines.length === 1) return `/** ${lines[0]} */\n`;
  return `/**\n${lines.map((line) => ` * ${line}`.trimEnd()).join("\n")}\n */\n`;
}

/** Compares import names as formatters do: first without regard to case. */
function inImports(a: string, b: string): number {
  const [lowerA, lowerB] = [a.toLowerCase(), b.toLowerCase()];
  return lowerA < lowerB ? -1 : lowerA > lowerB ? 1 : a < b ? -1 : 1;
}
