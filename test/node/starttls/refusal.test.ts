/** StartTLS answered with an error (stripping): nothing that was queued for TLS is sent in plaintext. */
import { RemoteAmpError, StartTLSRefused, TLSNotAvailable, UnhandledCommand } from "ampwire";
import { describe, expect, test } from "vitest";
import { ours } from "../../support/loopback.ts";
import { bytesOf, STLS } from "../../support/raw-peer.ts";
import { ended, rejection } from "../../support/settled.ts";
import { Mark, witness } from "../../support/witness.ts";

describe.each(["server", "client"] as const)("asking as TLS %s", (role) => {
  test.each([
    ["UNHANDLED", UnhandledCommand],
    ["TLS_NOT_AVAILABLE", TLSNotAvailable],
    ["WHATEVER", RemoteAmpError],
  ])(
    "case 5: if the peer refuses with %s, startTLS rejects, and no queued byte is sent",
    async (code, error) => {
      const { heard, locator } = witness();
      const { connection, peer } = await ours(role, { locator });
      const upgrade = rejection(connection.startTLS());
      const held = Array.from({ length: 3 }, () =>
        rejection(connection.callRemote(Mark, { text: "secret" })),
      );
      // Asks that arrive during the upgrade are served; their answers are queued too.
      expect(await peer.box()).toEqual(STLS);
      peer.send(
        { _ask: "a", _command: "Mark", text: "served" },
        { _error: "1", _error_code: code, _error_description: "no" },
        { _ask: "b", _command: "Mark", text: "too late" },
      );
      expect(await upgrade).toBeInstanceOf(error);
      for (const reason of await Promise.all(held)) expect(reason).toBeInstanceOf(StartTLSRefused);
      expect(await ended(connection)).toBeInstanceOf(StartTLSRefused);
      expect(await rejection(connection.callRemote(Mark, { text: "secret" }))).toBeInstanceOf(
        StartTLSRefused,
      );
      await peer.end();
      expect(peer.received).toEqual(bytesOf(STLS));
      expect(heard).toEqual(["served"]);
    },
  );
});
