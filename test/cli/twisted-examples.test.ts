/** `ampwire serve` and `call` with the examples in Twisted's documentation. */
import { expect, test } from "vitest";
import {
  describeWithTwistedExamples,
  exampleClient,
  exampleServer,
  portFree,
} from "../support/twisted-examples.ts";
import { startCommand } from "./command-process.ts";
import { ampwire } from "./run-command.ts";

describeWithTwistedExamples("Twisted's examples", () => {
  test("ampclient.py runs unchanged against `ampwire serve --demo`", async () => {
    await portFree();
    const server = await startCommand("serve", "--demo", "--listen", "tcp://127.0.0.1:1234");
    await server.output(/^listening on tcp:\/\/127\.0\.0\.1:1234$/m);
    expect(await exampleClient()).toBe(
      "Divided by zero: returning INF\nDone with math: [(True, 94), (True, inf)]\n",
    );
    server.signal("SIGTERM");
    expect(await server.exited).toBe(0);
  });

  test("`ampwire call` works with ampserver.py", async () => {
    await exampleServer();
    expect(await ampwire("call tcp://127.0.0.1:1234 Sum a=13 b=81")).toEqual({
      code: 0,
      out: "total=94\n",
      err: "",
    });
    expect(await ampwire("call tcp://127.0.0.1:1234 Divide numerator=1 denominator=0")).toEqual({
      code: 1,
      out: "",
      err: "ampwire: Divide: ZERO_DIVISION: float division by zero\n",
    });
  });
});
