/** Mistakes in the declaration of a command are thrown at once, with the command and the place. */
import {
  Command,
  type CommandSpec,
  command,
  type Fields,
  InvalidSignature,
  integer,
  ProtocolSwitchCommand,
  StartTLS,
} from "ampwire";
import { describe, expect, test } from "vitest";

type AnySpec = CommandSpec<Fields, Fields, boolean>;
const args = { a: integer() };

/** Every way to declare a command with this spec, which the compiler would refuse. */
function declarations(spec: object): readonly (() => unknown)[] {
  const given = spec as AnySpec;
  return [
    () => command("X", given),
    () => new Command("X", given),
    () => command("Base").extend("X", given),
    () => StartTLS.extend("X", given),
  ];
}

describe("an unknown field of the spec is refused", () => {
  test.each([
    ["args", "arguments"],
    ["argument", "arguments"],
    ["responses", "response"],
    ["error", "errors"],
    ["requireTls", "requireTLS"],
    ["requiresTLS", "requireTLS"],
  ])("the unknown field %s is refused, and %s is suggested", (name, similar) => {
    for (const declare of declarations({ [name]: args })) {
      expect(declare).toThrow(
        new TypeError(`command X: unknown option "${name}" (did you mean "${similar}"?)`),
      );
    }
  });

  test.each(["name", "declaredErrors", "responder", "whatever"])(
    "the unknown field %s is refused",
    (name) => {
      for (const declare of declarations({ [name]: args })) expect(declare).toThrow(TypeError);
    },
  );

  test("an unknown field of a protocol switch is refused", () => {
    expect(() => new ProtocolSwitchCommand("X", { args } as object)).toThrow(
      new TypeError('protocol switch X: unknown option "args" (did you mean "arguments"?)'),
    );
    expect(() => new ProtocolSwitchCommand("B").extend("X", { args } as object)).toThrow(TypeError);
  });
});

describe("a protocol switch refuses what it sets itself", () => {
  test.each<[string, object]>([
    ["response", { response: args }],
    ["requiresAnswer", { requiresAnswer: false }],
    ["commandType", { commandType: { name: "Box" } }],
    ["responseType", { responseType: { name: "Box" } }],
  ])("a protocol switch refuses %s", (_, spec) => {
    expect(() => new ProtocolSwitchCommand("X", spec)).toThrow(InvalidSignature);
  });

  test("a protocol switch can be extended", () => {
    const extended = new ProtocolSwitchCommand("X", { arguments: args }).extend("Y", { requireTLS: true });
    expect(extended).toMatchObject({ name: "Y", requireTLS: true });
    expect(Object.keys(extended.arguments).sort()).toEqual(["a", "protocol"]);
  });
});

test.each([
  "arguments",
  "response",
  "errors",
  "fatalErrors",
  "requiresAnswer",
  "requireTLS",
  "idempotent",
  "commandType",
  "responseType",
])("null for %s is refused", (name) => {
  for (const declare of declarations({ [name]: null })) {
    expect(declare).toThrow(new TypeError(`command X: the option ${name} must not be null`));
  }
});

test.each<[string, unknown, string]>([
  ["arguments", [integer()], "arguments must be an object, not an array of 1"],
  ["response", "total", 'response must be an object, not "total"'],
  ["errors", [Error], "errors must be an object, not an array of 1"],
  ["fatalErrors", Error, "fatalErrors must be an object, not a function"],
  ["requireTLS", "verified", 'requireTLS must be true or false, not "verified"'],
  ["requiresAnswer", 0, "requiresAnswer must be true or false, not 0"],
  ["idempotent", "no", 'idempotent must be true or false, not "no"'],
])("%s of the wrong type is refused: %s", (name, value, message) => {
  for (const make of [command, (n: string, s: AnySpec) => new Command(n, s)]) {
    expect(() => make("X", { [name]: value } as AnySpec)).toThrow(
      new InvalidSignature(`command X: ${message}`),
    );
  }
});

describe("an error code is refused", () => {
  test("an error code without a class that can be constructed is refused", () => {
    expect(() => command("X", { errors: { BAD: (() => new Error()) as unknown as typeof Error } })).toThrow(
      /error BAD must be an error class/,
    );
  });

  test.each([null, 5, undefined, {}])("an error code with %j instead of a class is refused", (value) => {
    const shown = value !== null && typeof value === "object" ? "undefined" : String(value);
    expect(() => command("X", { errors: { BAD: value as unknown as typeof Error } })).toThrow(
      new InvalidSignature(`error BAD must be an error class, not ${shown}`),
    );
  });

  test("an error code that the wire cannot carry is refused", () => {
    expect(() => command("X", { errors: { "\ud800": Error } })).toThrow(InvalidSignature);
    expect(() => command("X", { fatalErrors: { "\udc7f": Error } })).toThrow(
      /^an error code must be well-formed text/,
    );
    expect(() => command("X", { errors: { ["a".repeat(65_536)]: Error } })).toThrow(InvalidSignature);
    expect(command("X", { errors: { ["a".repeat(65_535)]: Error } }).name).toBe("X");
  });
});

test.each([undefined, null, "sum", {}])("a responder that is %j is refused", (respond) => {
  const Sum = command("Sum", { arguments: args });
  expect(() => Sum.responder(respond as unknown as () => void)).toThrow(InvalidSignature);
  expect(() => Sum.responder(respond as unknown as () => void)).toThrow(
    /^the responder of Sum must be a function, not /,
  );
});

test("a name that is not text is refused with its value", () => {
  expect(() => command(5 as unknown as string)).toThrow(
    "the name of a command must be a non-empty string, not 5",
  );
});

test("a subclass may have a spec with fields of its own, which extend passes on", () => {
  class Traced extends Command<Fields, Fields, boolean> {
    readonly trace: string;
    constructor(name: string, spec: AnySpec & { readonly trace?: string } = {}) {
      super(name, spec);
      this.trace = spec.trace ?? "";
    }
  }
  const extended = new Traced("X", { trace: "on" }).extend("Y", { arguments: args });
  expect(extended).toBeInstanceOf(Traced);
  expect(extended).toMatchObject({ trace: "on", name: "Y" });
  expect(() => new Traced("X", {}).extend("Y", { trase: "on" } as object)).toThrow(/did you mean "trace"/);
});

test.each([
  ["arguments", new Map([["a", integer()]])],
  ["response", [integer()]],
  ["errors", new Map([["BAD", Error]])],
])("%s of a command that are %o are refused", (field, value) => {
  expect(() => command("X", { [field]: value } as object)).toThrow(InvalidSignature);
  expect(() => command("X", { [field]: value } as object)).toThrow(
    new RegExp(`^command X: ${field} must be an object, not `),
  );
});
