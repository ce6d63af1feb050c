import { describe, expect, test } from "vitest";
import { big } from "../../../src/core/arguments/big.ts";
import {
  ampList,
  BadLocalReturn,
  bytes,
  type Connection,
  type ConnectionOptions,
  command,
  declaredError,
  InvalidSignature,
  integer,
  json,
  locator,
  optional,
  RemoteAmpError,
  UnknownRemoteError,
  unicode,
} from "../../../src/index.ts";
import { connectedPair } from "../../../src/testing/connected-pair.ts";
import { ended } from "../../support/settled.ts";

class QuotaError extends Error {
  readonly limit: number;
  readonly note: string | undefined;
  constructor(message: string, { limit, note }: { limit: number; note?: string }) {
    super(message);
    this.limit = limit;
    this.note = note;
  }
}
class PlainError extends Error {}

const Store = command("Store", {
  errors: {
    QUOTA: declaredError(QuotaError, { limit: integer(), note: optional(unicode()) }),
    PLAIN: PlainError,
  },
});
/** The same command of a program that declares the class without data. */
const Undeclared = command("Store");

function pair(respond: () => void, options: ConnectionOptions = {}): readonly [Connection, Connection] {
  return connectedPair({}, { ...options, locator: locator(Store.responder(respond)) });
}

async function rejection(call: Promise<unknown> | undefined): Promise<unknown> {
  return call?.then(
    () => undefined,
    (error: unknown) => error,
  );
}

/** Returns the error with which a call of `called` rejects if the peer's responder of Store throws `thrown`. */
async function received(thrown: unknown, called = Store, options: ConnectionOptions = {}): Promise<unknown> {
  const [caller] = pair(() => {
    throw thrown;
  }, options);
  const error = await rejection(caller.callRemote(called));
  await caller.close();
  return error;
}

describe("an error with data", () => {
  test("the class of a declared error receives its data", async () => {
    const error = await received(new QuotaError("too many", { limit: 31, note: "é" }));
    expect(error).toBeInstanceOf(QuotaError);
    expect(error).toMatchObject({ message: "too many", limit: 31, note: "é" });
    expect(await received(new QuotaError("none", { limit: 0 }))).toMatchObject({ limit: 0, note: undefined });
  });

  test("the values are keys of the error box, next to the error code", async () => {
    const [caller] = pair(() => {
      throw new QuotaError("too many", { limit: 31 });
    });
    const frames: string[][] = [];
    await rejection(caller.callRemote(Object.assign(command("Store", { errors: { QUOTA: spy(frames) } }))));
    expect(frames).toEqual([["_error", "_error_code", "_error_description", "limit"]]);
    await caller.close();
  });

  /** A declaration that records the keys of the error boxes that it gets. */
  function spy(frames: string[][]) {
    return {
      ...declaredError(QuotaError, { limit: integer() }),
      create(description: string, box: ReadonlyMap<string, Uint8Array>) {
        frames.push([...box.keys()]);
        return new Error(description);
      },
    };
  }

  test("a peer that does not declare the error gets its code, and a class without data is not changed", async () => {
    const error = await received(new QuotaError("too many", { limit: 31 }), Undeclared as typeof Store);
    expect(error).toBeInstanceOf(UnknownRemoteError);
    expect(error).toMatchObject({ errorCode: "QUOTA", description: "too many" });
    expect(await received(new PlainError("plain"))).toBeInstanceOf(PlainError);
  });

  test("an error from a peer without valid data is an UnknownRemoteError with the reason", async () => {
    const error = await received(new RemoteAmpError("QUOTA", "no data"));
    expect(error).toBeInstanceOf(UnknownRemoteError);
    expect(error).toMatchObject({ errorCode: "QUOTA", description: "no data" });
    expect((error as Error).cause).toBeInstanceOf(InvalidSignature);
    expect((error as Error).cause).toMatchObject({ message: 'data of QuotaError: "limit" is missing' });
  });

  test("an error whose data cannot be sent is UNKNOWN for the peer and a BadLocalReturn for onError", async () => {
    const reported: unknown[] = [];
    const onError = (error: unknown) => void reported.push(error);
    const error = await received(new QuotaError("secret", { limit: 0.5 }), Store, { onError });
    expect(error).toMatchObject({ errorCode: "UNKNOWN", description: "Unknown Error" });
    expect(reported).toHaveLength(1);
    expect(reported[0]).toBeInstanceOf(BadLocalReturn);
    expect((reported[0] as Error).message).toMatch(/^an error cannot be sent: data of QuotaError: "limit": /);
    expect((reported[0] as Error).cause).toBeInstanceOf(InvalidSignature);
  });

  test("properties of an error that are not declared are not sent", async () => {
    const error = await received(
      Object.assign(new QuotaError("too many", { limit: 31 }), { query: "secret" }),
    );
    expect(error).toMatchObject({ message: "too many", limit: 31 });
    expect(error).not.toHaveProperty("query");
  });

  test("a value may be a getter, and a subclass is sent with the data of its base", async () => {
    class Counted extends Error {
      readonly #data: { limit: number };
      constructor(message: string, data: { limit: number }) {
        super(message);
        this.#data = data;
      }
      get limit() {
        return this.#data.limit + 1;
      }
    }
    class Derived extends Counted {}
    const Count = command("Count", { errors: { COUNT: declaredError(Counted, { limit: integer() }) } });
    const respond = () => {
      throw new Derived("counted", { limit: 1 });
    };
    const [caller] = connectedPair({}, { locator: locator(Count.responder(respond)) });
    const error = await rejection(caller.callRemote(Count));
    expect(error).toBeInstanceOf(Counted);
    expect(error).toMatchObject({ message: "counted", limit: 3 });
    await caller.close();
  });

  test("data may be rows and values of several keys, and is inherited by an extension", async () => {
    class Conflict extends Error {
      readonly rows: readonly { id: number }[];
      readonly dump: Uint8Array;
      constructor(message: string, data: { rows: { id: number }[]; dump: Uint8Array }) {
        super(message);
        this.rows = data.rows;
        this.dump = data.dump;
      }
    }
    const fields = { rows: ampList({ id: integer() }), dump: big(bytes()) };
    const Base = command("Base", { fatalErrors: { CONFLICT: declaredError(Conflict, fields) } });
    const Extended = Base.extend("Extended", { errors: { PLAIN: PlainError } });
    const [caller, callee] = connectedPair(
      {},
      {
        locator: locator(
          Extended.responder(() => {
            throw new Conflict("both", { rows: [{ id: 1 }, { id: 2 }], dump: new Uint8Array(70_000) });
          }),
        ),
      },
    );
    const error = await rejection(caller.callRemote(Extended));
    expect(error).toMatchObject({ message: "both", rows: [{ id: 1 }, { id: 2 }] });
    expect(error).toHaveProperty("dump.length", 70_000);
    await ended(callee); // the error is fatal
  });

  test("the elements of an error's data are limited by maxElements", async () => {
    class Long extends Error {
      readonly ids: readonly number[];
      constructor(message: string, data: { ids: readonly number[] }) {
        super(message);
        this.ids = data.ids;
      }
    }
    const Fail = command("Fail", {
      errors: { LONG: declaredError(Long, { ids: json<readonly number[]>() }) },
    });
    const respond = () => {
      throw new Long("long", { ids: Array.from({ length: 101 }, () => 0) });
    };
    const [caller] = connectedPair(
      { limits: { maxElements: 100 } },
      { locator: locator(Fail.responder(respond)) },
    );
    const error = await rejection(caller.callRemote(Fail));
    expect(error).toMatchObject({
      errorCode: "LONG",
      cause: { message: expect.stringMatching(/maxElements/) },
    });
    await caller.close();
  });

  test("declaredError() rejects what is not a class, and reserved names", () => {
    // Programs in JavaScript may pass anything.
    expect(() => declaredError("QuotaError" as never, {})).toThrow(InvalidSignature);
    expect(() => declaredError(QuotaError as never, { _error: integer() })).toThrow(/AMP reserves this key/);
    expect(() => command("Bad", { errors: { BAD: null as never } })).toThrow(/must be an error class/);
    expect(() => command("Bad", { errors: { BAD: {} as never } })).toThrow(/must be an error class/);
  });
});

describe("an error code that is not UTF-8", () => {
  const CODE = "ODD \udcff\udc80";
  class OddError extends Error {}
  const Odd = command("Store", { errors: { [CODE]: OddError } });

  test("the code keeps its bytes, and can be declared", async () => {
    const undeclared = await received(new RemoteAmpError(CODE, "why"));
    expect(undeclared).toBeInstanceOf(UnknownRemoteError);
    expect(undeclared).toMatchObject({ errorCode: CODE, message: "Store: ODD \\udcff\\udc80: why" });
    expect(await received(new RemoteAmpError(CODE, "why"), Odd as typeof Store)).toBeInstanceOf(OddError);
  });

  test("a declared error is sent with the bytes of its code", async () => {
    const [caller] = connectedPair(
      {},
      {
        locator: locator(
          Odd.responder(() => {
            throw new OddError("why");
          }),
        ),
      },
    );
    expect(await rejection(caller.callRemote(Undeclared))).toMatchObject({ errorCode: CODE });
    await caller.close();
  });

  test("a code that no bytes can represent is rejected", () => {
    expect(() => new RemoteAmpError("\ud800", "why")).toThrow(InvalidSignature);
    expect(() => command("Bad", { errors: { "\udd00": OddError } })).toThrow(InvalidSignature);
  });
});
