/** Options that require TLS and prevent it: the error names these options. */
import { PassThrough } from "node:stream";
import { locator, StartTLS, TLSNotAvailable } from "ampwire";
import { attach } from "ampwire/node";
import { describe, expect, test } from "vitest";
import { pair, tidy } from "../support/loopback.ts";
import { rejection } from "../support/settled.ts";
import { Mark, witness } from "../support/witness.ts";

describe("requireTLS with tls: false", () => {
  const options = { requireTLS: true, tls: false } as const;

  test("requireTLS with tls: false rejects the peer's StartTLS call with the reason", async () => {
    const { client } = await pair(options);
    const error = await rejection(client.startTLS());
    expect(error).toBeInstanceOf(TLSNotAvailable);
    expect(error.message).toContain("`requireTLS` together with `tls: false`");
  });

  test("requireTLS with tls: false allows TLS by a responder of the program", async () => {
    const Secured = StartTLS.extend("Secured");
    const { heard, locator: marks } = witness();
    const own = Secured.responder(() => ({}));
    const { client } = await pair({ ...options, locator: locator(own, marks) });
    await client.callRemote(Secured);
    await client.callRemote(Mark, { text: "inside" });
    expect(heard).toEqual(["inside"]);
  });

  test("requireTLS with tls: false allows this end to start TLS", async () => {
    const { heard, locator: marks } = witness();
    const { client } = await pair({ locator: marks }, options);
    await client.startTLS();
    await client.callRemote(Mark, { text: "inside" });
    expect(heard).toEqual(["inside"]);
  });
});

describe("requireTLS on a stream without role", () => {
  test("attach throws for requireTLS on a stream without role, because TLS could never start", () => {
    const [readable, writable] = [new PassThrough(), new PassThrough()];
    expect(() => attach({ readable, writable }, { requireTLS: true })).toThrow(
      new TypeError('requireTLS on a plaintext stream needs `role`: set it to "client" or "server"'),
    );
    const connection = attach({ readable, writable }, { requireTLS: true, role: "client" });
    tidy(connection);
    expect(connection.state).toBe("open");
  });
});
