import { HEARTBEAT_COMMAND, UnhandledCommand } from "ampwire";
import { connect } from "ampwire/node";
import { manualClock } from "ampwire/testing";
import { expect, it } from "vitest";
import { tidy } from "../support/loopback.ts";
import { rejection } from "../support/settled.ts";
import { describeWithTwisted, twistedServer } from "../support/twisted.ts";

describeWithTwisted("the heartbeat, with a live Twisted", () => {
  it("a live Twisted answers the heartbeat as an unknown command", async () => {
    await using server = await twistedServer();
    const clock = manualClock();
    const connection = await connect({
      ...server.address,
      clock,
      heartbeat: { interval: 1_000, timeout: 500 },
    });
    tidy(connection);
    expect(await rejection(connection.callRemoteString(HEARTBEAT_COMMAND))).toBeInstanceOf(UnhandledCommand);
    for (let beat = 0; beat < 3; beat++) {
      clock.advance(1_000); // asks
      // Twisted answers in order, so its answer to the heartbeat arrives before its answer to this call.
      await rejection(connection.callRemoteString("NotServed"));
      clock.advance(999);
      expect(connection.state).toBe("open");
      clock.advance(1);
      await rejection(connection.callRemoteString("NotServed"));
    }
    expect(connection.state).toBe("open");
  });
});
