/** The calculator example with the unchanged programs of Twisted's documentation, on a free port. */
import { expect, test } from "vitest";
import { example, Program } from "../support/example.ts";
import { python } from "../support/twisted.ts";
import { describeWithTwistedExamples, examplesFolder } from "../support/twisted-examples.ts";

/** Python program that runs `ampserver.py` on a free port and prints the port. */
const SERVER = `
import runpy
from twisted.internet import reactor
listen = reactor.listenTCP
def listenTCP(port, factory):
    print("port", listen(0, factory, interface="127.0.0.1").getHost().port, flush=True)
reactor.listenTCP = listenTCP
runpy.run_path("${examplesFolder}/ampserver.py", run_name="__main__")
`;

/** Python program that runs `ampclient.py` with the port in its argument. */
const CLIENT = `
import runpy, sys
from twisted.internet import endpoints
Endpoint = endpoints.TCP4ClientEndpoint
endpoints.TCP4ClientEndpoint = lambda reactor, host, port: Endpoint(reactor, host, int(sys.argv[1]))
sys.path.insert(0, "${examplesFolder}")
runpy.run_path("${examplesFolder}/ampclient.py", run_name="__main__")
`;

describeWithTwistedExamples("the calculator example", () => {
  test("the calculator client works with Twisted's server", async () => {
    const twisted = new Program(python, ["-B", "-c", SERVER]);
    const port = (await twisted.line()).split(" ")[1] ?? "";
    expect(await example("calculator/client.mjs", port).end()).toEqual({
      code: 0,
      complaints: "",
      lines: ["Divided by zero: returning INF", "Done with math: [ 94, Infinity ]"],
    });
  });

  test("the calculator server works with Twisted's client", async () => {
    const server = example("calculator/server.mjs", 0);
    const port = (await server.line()).split(" ").at(-1) ?? "";
    const { code, lines } = await new Program(python, ["-B", "-c", CLIENT, port]).end();
    expect(code).toBe(0);
    expect(lines).toEqual(["Divided by zero: returning INF", "Done with math: [(True, 94), (True, inf)]"]);
    expect(await server.line()).toBe("Did a sum: 13 + 81 = 94");
  });
});
