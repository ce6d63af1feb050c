import { spawn } from "node:child_process";
import { once } from "node:events";
import { attachChild } from "ampwire/node";
import { expect, it, onTestFinished } from "vitest";
import { CallBack, EchoBig, Sum } from "../support/commands.ts";
import { nodeProgram } from "../support/node-program.ts";
import { peerLocator } from "../support/responders.ts";
import { describeWithTwisted, interop, python, twistedParent } from "../support/twisted.ts";

const streams = [
  { name: "standard input and output", input: 0, output: 1 },
  { name: "descriptors 3 and 4", input: 3, output: 4 },
];

describeWithTwisted("a child process that Twisted's StandardIO serves", () => {
  it.each(streams)("a Twisted child is called over $name and calls back", async ({ input, output }) => {
    const child = spawn(python, [interop("stdio_peer.py"), `--input=${input}`, `--output=${output}`], {
      stdio: ["pipe", "pipe", "inherit", "pipe", "pipe"],
    });
    onTestFinished(() => void child.kill("SIGKILL"));
    const exited = once(child, "exit");
    const options = { childReads: input, childWrites: output, locator: peerLocator() };
    const connection = attachChild(child, options);
    expect(await connection.callRemote(Sum, { a: 13n, b: 81n })).toEqual({ total: 94n });
    expect(await connection.callRemote(CallBack, { n: 50n })).toEqual({ total: 2450n });
    const big = { text: "\u20ac".repeat(70_000), data: new Uint8Array(200_000) };
    expect((await connection.callRemote(EchoBig, big)).text).toBe(big.text);
    await connection.close();
    expect(await exited).toEqual([0, null]);
  });

  it("the connection ends when a Twisted child dies", async () => {
    const child = spawn(python, [interop("stdio_peer.py")], { stdio: ["pipe", "pipe", "inherit"] });
    const connection = attachChild(child);
    await connection.callRemote(Sum, { a: 1n, b: 1n });
    child.kill("SIGKILL");
    expect(await connection.closed).toMatchObject({ fault: "transport" });
  });
});

describeWithTwisted("a child process that Twisted has spawned", () => {
  it.each(streams)("a child of Twisted serves every call over $name", async ({ input, output }) => {
    const program = await nodeProgram("amp-child");
    const told = input === 0 ? [] : [String(input), String(output)];
    const run = await twistedParent([process.execPath, program, ...told], input, output);
    expect(run.failures).toEqual([]);
    expect(run.outcome).toBe("ok");
    expect(run.steps.get("exit")?.value).toBe(0);
    expect(run.steps.size).toBeGreaterThan(50);
  });
});
