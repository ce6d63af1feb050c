/** Options that demand TLS and stand in its way: whoever is stopped by them hears which they are. */
import { PassThrough } from "node:stream";
import { locator, StartTLS, TLSNotAvailable } from "ampwire";
import { attach } from "ampwire/node";
import { describe, expect, test } from "vitest";
import { pair, tidy } from "../support/loopback.ts";
import { rejection } from "../support/settled.ts";
import { Mark, witness } from "../support/witness.ts";

describe("requireTLS with tls: false", () => {
  const options = { requireTLS: true, tls: false } as const;

  test("refuses a StartTLS of the peer, and says why", async () => {
    const { client } = await pair(options);
    const error = await rejection(client.startTLS());
    expect(error).toBeInstanceOf(TLSNotAvailable);
    expect(error.message).toContain("`requireTLS` together with `tls: false`");
  });

  test("lets TLS come by a responder of one's own", async () => {
    const Secured = StartTLS.extend("Secured");
    const { heard, locator: marks } = witness();
    const own = Secured.responder(() => ({}));
    const { client } = await pair({ ...options, locator: locator(own, marks) });
    await client.callRemote(Secured);
    await client.callRemote(Mark, { text: "inside" });
    expect(heard).toEqual(["inside"]);
  });

  test("lets this end start TLS", async () => {
    const { heard, locator: marks } = witness();
    const { client } = await pair({ locator: marks }, options);
    await client.startTLS();
    await client.callRemote(Mark, { text: "inside" });
    expect(heard).toEqual(["inside"]);
  });
});

describe("requireTLS on a stream that nobody has said the role on", () => {
  test("is refused, since TLS could never come", () => {
    const [readable, writable] = [new PassThrough(), new PassThrough()];
    expect(() => attach({ readable, writable }, { requireTLS: true })).toThrow(
      new TypeError('requireTLS on a plaintext stream needs `role`: set it to "client" or "server"'),
    );
    const connection = attach({ readable, writable }, { requireTLS: true, role: "client" });
    tidy(connection);
    expect(connection.state).toBe("open");
  });
});
