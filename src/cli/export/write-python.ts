/** Writes commands as a Python module for Twisted. */
import { textToKey } from "../../core/wire/key-text.ts";
import {
  type CommandDescription,
  type ErrorDescription,
  extensionOf,
  type ModuleDescription,
  Names,
  type TypeDescription,
  type Types,
} from "../translate/description.ts";
import { bigClasses, isBig } from "./big-classes.ts";
import { BUILTIN_EXCEPTIONS, PYTHON_KEYWORDS } from "./python-keywords.ts";

/** Type names that differ in Twisted. */
const classes: Readonly<Record<string, string>> = { BigInteger: "Integer", Unknown: "String" };

/** Names in Python of built-in error classes that both languages have. */
const sharedErrors: Readonly<Record<string, string>> = {
  Error: "Exception",
  TypeError: "TypeError",
  SyntaxError: "SyntaxError",
  ReferenceError: "ReferenceError",
};

export function writePython(module: ModuleDescription): string {
  return new Writer(module).text();
}

class Writer {
  readonly #module: ModuleDescription;
  readonly #names = new Names(["amp", "BigBytes", "BigUnicode", ...PYTHON_KEYWORDS], /^[\p{L}_]/u);
  readonly #bigTypes = new Set<string>();

  constructor(module: ModuleDescription) {
    this.#module = module;
  }

  text(): string {
    const errors = this.#module.errors
      .filter((error) => !isPythons(error))
      .map((error) => this.#error(error));
    const commands = this.#module.commands.map((command) => this.#command(command));
    const parts = [
      "from twisted.protocols import amp",
      ...bigClasses(this.#bigTypes),
      ...errors,
      ...commands,
    ];
    return `${parts.join("\n\n\n")}\n`;
  }

  #error({ name, base, documentation }: ErrorDescription): string {
    const above = base === undefined || base === null ? "Exception" : this.#errorName(base);
    const body = docstring(documentation) || "    pass\n";
    return `class ${this.#names.of(`error ${name}`, name)}(${above}):\n${body}`.trimEnd();
  }

  #errorName(name: string): string {
    const error = this.#module.errors.find((one) => one.name === name);
    if (error !== undefined && isPythons(error)) return error.builtin ? (sharedErrors[name] ?? name) : name;
    return this.#names.of(`error ${name}`, name);
  }

  #command(command: CommandDescription): string {
    const { base, own, from } = extensionOf(command, this.#module.commands);
    const name = this.#names.of(command.className);
    const above = base === undefined ? rootOf(command) : this.#names.of(base.className);
    const lines = [
      this.#types("arguments", command.arguments, own.arguments, from.arguments, above),
      command.kind === "protocolSwitch"
        ? ""
        : this.#types("response", command.response, own.response, from.response, above),
      this.#errors("errors", own.errors),
      this.#errors("fatalErrors", own.fatalErrors),
      // Twisted uses the class name as the command name by default.
      name === command.name ? "" : `    commandName = ${bytesLiteral(command.name)}\n`,
    ];
    // Twisted ignores the last two; `ampwire import` reads them.
    for (const flag of ["requiresAnswer", "requireTLS", "idempotent"] as const) {
      if (own[flag] !== from[flag]) lines.push(`    ${flag} = ${own[flag] ? "True" : "False"}\n`);
    }
    if (Boolean(own.quits) !== Boolean(from.quits))
      lines.push(`    responseType = amp.${own.quits ? "QuitBox" : "AmpBox"}\n`);
    const documentation = docstring(command.documentation);
    const attributes = lines.join("");
    const body =
      documentation !== "" && attributes !== ""
        ? `${documentation}\n${attributes}`
        : documentation + attributes;
    return `class ${name}(${above}):\n${body || "    pass\n"}`.trimEnd();
  }

  #types(title: string, all: Types, own: Types, base: Types, above: string): string {
    // Adding the lists would repeat a field that the base has too.
    const replaced = Object.keys(own).some((name) => Object.hasOwn(base, name));
    const [types, before] = replaced ? [all, rootSum(above, title)] : [own, rootSum(above, title, base)];
    const fields = Object.entries(types).filter(([, { type }]) => type !== "Local");
    if (fields.length === 0) return "";
    return `    ${title} = ${before}[\n${this.#fields(fields, "        ")}    ]\n`;
  }

  #fields(fields: readonly (readonly [string, TypeDescription])[], indent: string): string {
    return fields
      .map(([name, type]) => {
        const remark = hasUnknown(type) ? "  # bytes of a custom codec in TypeScript" : "";
        return `${indent}(${bytesLiteral(name)}, ${this.#type(type, indent)}),${remark}\n`;
      })
      .join("");
  }

  #type(type: TypeDescription, indent: string): string {
    const options = Object.entries(type.options ?? {}).map(
      ([name, value]) => `${name}=${value === "Infinity" ? 'float("inf")' : JSON.stringify(value)}`,
    );
    if (type.optional) options.push("optional=True");
    const call = (name: string, ...given: string[]) => `${name}(${[...given, ...options].join(", ")})`;
    if (type.element !== undefined) return call("amp.ListOf", this.#type(type.element, indent));
    if (type.fields !== undefined) {
      const rows = this.#fields(Object.entries(type.fields), `${indent}    `);
      return call("amp.AmpList", rows === "" ? "[]" : `[\n${rows}${indent}]`);
    }
    if (isBig(type.type)) {
      this.#bigTypes.add(type.type);
      return call(type.type);
    }
    return call(`amp.${classes[type.type] ?? type.type}`);
  }

  #errors(title: string, errors: Readonly<Record<string, string>>): string {
    const entries = Object.entries(errors);
    if (entries.length === 0) return "";
    const lines = entries.map(([code, name]) => `        ${this.#errorName(name)}: ${bytesLiteral(code)},\n`);
    return `    ${title} = {\n${lines.join("")}    }\n`;
  }
}

function rootOf({ kind }: CommandDescription): string {
  if (kind === "startTLS") return "amp.StartTLS";
  return kind === "protocolSwitch" ? "amp.ProtocolSwitchCommand" : "amp.Command";
}

/** Returns the prefix that adds a list to the list of the base class, which it would replace otherwise. */
function rootSum(above: string, title: string, base: Types = {}): string {
  const has = above === "amp.StartTLS" || Object.values(base).some(({ type }) => type !== "Local");
  return has ? `${above}.${title} + ` : "";
}

function isPythons({ name, builtin }: ErrorDescription): boolean {
  return builtin ? Object.hasOwn(sharedErrors, name) : BUILTIN_EXCEPTIONS.has(name);
}

function hasUnknown(type: TypeDescription): boolean {
  return type.type === "Unknown" || (type.element !== undefined && hasUnknown(type.element));
}

function bytesLiteral(text: string): string {
  const shown = Array.from(textToKey(text), (byte) => {
    if (byte === 0x22 || byte === 0x5c) return `\\${String.fromCharCode(byte)}`;
    if (byte >= 0x20 && byte < 0x7f) return String.fromCharCode(byte);
    return `\\x${byte.toString(16).padStart(2, "0")}`;
  });
  return `b"${shown.join("")}"`;
}

function docstring(text: string | null | undefined): string {
  if (!text) return "";
  const safe = text.replaceAll("\\", "\\\\").replaceAll('"""', '\\"\\"\\"').replace(/"$/, '\\"');
  if (!safe.includes("\n")) return `    """${safe}"""\n`;
  const lines = safe.split("\n").map((line) => (line === "" ? "" : `    ${line}`));
  return `    """\n${lines.join("\n")}\n    """\n`;
}
