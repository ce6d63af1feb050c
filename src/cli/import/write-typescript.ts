/** Writes commands as a TypeScript module. Formatters do not change its layout at any line width from 80. */
import {
  type CommandDescription,
  type ErrorDescription,
  extensionOf,
  type ModuleDescription,
  Names,
  type OwnParts,
  type Types,
} from "../translate/description.ts";
import { Imports } from "./imports.ts";
import { comment, property } from "./typescript-text.ts";
import { CODEC_NAMES, CodecWriter, isUntranslated, MISSING_CODEC } from "./write-codec.ts";

export interface TypeScriptOptions {
  /** Integers become `bigint` (default: `number`). */
  readonly bigint?: boolean | undefined;
}

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
/** Names that the declarations of commands use. */
const COMMAND_NAMES = ["command", "protocolSwitch", "StartTLS", "plainBox", "quitBox"];
const GLOBALS = [
  "Error",
  "EvalError",
  "Infinity",
  "RangeError",
  "ReferenceError",
  "SyntaxError",
  "TypeError",
  "URIError",
  "globalThis",
  "undefined",
];

export function writeTypeScript(module: ModuleDescription, options: TypeScriptOptions = {}): string {
  return new Writer(module, options).text();
}

class Writer {
  readonly #module: ModuleDescription;
  readonly #names = new Names(
    [...RESERVED_WORDS.split(" "), ...CODEC_NAMES, ...COMMAND_NAMES, ...GLOBALS],
    /^[\p{L}_]/u,
  );
  readonly #imports = new Imports();
  readonly #codecs: CodecWriter;

  constructor(module: ModuleDescription, { bigint = false }: TypeScriptOptions) {
    this.#module = module;
    this.#codecs = new CodecWriter(this.#imports, bigint);
  }

  text(): string {
    // Errors are named first, so a command with the name of an error gets the underscore.
    const errors = this.#module.errors.filter((error) => !isShared(error)).map((error) => this.#error(error));
    const commands = this.#module.commands.map((command) => this.#command(command));
    const missing = this.#codecs.needsMissingCodec ? [MISSING_CODEC] : [];
    return `${[...this.#notice(), this.#imports.text(), ...missing, ...errors, ...commands].join("\n\n")}\n`;
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
    if (command.kind === "startTLS") return `${this.#imports.use("StartTLS")}.extend`;
    return this.#imports.use(command.kind === "protocolSwitch" ? "protocolSwitch" : "command");
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
      lines.push(`  responseType: ${this.#imports.use(own.quits ? "quitBox" : "plainBox")},\n`);
    return lines.join("");
  }

  /** @param locals true to write `Local` fields too; StartTLS declares its own */
  #types(title: string, types: Types, locals: boolean): string {
    const shown = Object.entries(types).filter(([, { type }]) => locals || type !== "Local");
    if (shown.length === 0) return "";
    return `  ${title}: {\n${this.#codecs.fields(shown, "    ")}  },\n`;
  }

  #errors(title: string, errors: Readonly<Record<string, string>>): string {
    const entries = Object.entries(errors);
    if (entries.length === 0) return "";
    const lines = entries.map(([code, name]) => `    ${property(code)}: ${this.#errorName(name)},\n`);
    return `  ${title}: {\n${lines.join("")}  },\n`;
  }
}

function isShared({ name, builtin }: ErrorDescription): boolean {
  return builtin && Object.hasOwn(sharedErrors, name);
}
