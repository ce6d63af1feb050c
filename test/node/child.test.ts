import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, writeFileSync } from "node:fs";
import type { Readable } from "node:stream";
import { Box, ConnectFailed, encodeBox, locator } from "ampwire";
import { attachChild, attachFileDescriptors } from "ampwire/node";
import { describe, expect, it, onTestFinished } from "vitest";
import { EchoBig, Notify, Slow, Sum } from "../support/commands.ts";
import { nodeProgram } from "../support/node-program.ts";
import { ended, rejection } from "../support/settled.ts";
import { scratchPath } from "../support/tls-side.ts";

describe("a child process", () => {
  it("attachChild calls a child over one socket for both directions", async () => {
    const program = await nodeProgram("amp-child");
    const child = spawn(process.execPath, [program, "3", "3"], {
      stdio: ["ignore", "inherit", "inherit", "pipe"],
    });
    onTestFinished(() => void child.kill("SIGKILL"));
    const exited = once(child, "exit");
    const connection = attachChild(child, { childReads: 3, childWrites: 3 });
    const calls = Array.from({ length: 50 }, (_, i) =>
      connection.callRemote(EchoBig, { text: "z".repeat(100_000), data: Uint8Array.of(i) }),
    );
    for (const [i, answer] of (await Promise.all(calls)).entries())
      expect(answer.data).toEqual(Uint8Array.of(i));
    await connection.close();
    expect(await exited).toEqual([0, null]);
  });

  it("close() waits for the calls in progress in a child", async () => {
    const program = await nodeProgram("amp-child");
    const child = spawn(process.execPath, [program], { stdio: ["pipe", "pipe", "inherit"] });
    onTestFinished(() => void child.kill("SIGKILL"));
    const exited = once(child, "exit");
    const connection = attachChild(child);
    await connection.callRemote(Sum, { a: 1n, b: 1n });
    const slow = connection.callRemote(Slow, { milliseconds: 50 });
    await connection.close();
    await slow;
    expect(await exited).toEqual([0, null]);
  });

  it("the last output of a child is read, even if the child has exited before", async () => {
    const words = Array.from({ length: 20 }, (_, i) => `${i}`);
    const file = scratchPath("words");
    writeFileSync(
      file,
      Buffer.concat(words.map((message) => encodeBox(new Box({ _command: "Notify", message })))),
    );
    const child = spawn("cat", [file], { stdio: ["pipe", "pipe", "inherit"] });
    const exited = once(child, "exit");
    const heard: string[] = [];
    const notify = Notify.responder(async ({ message }) => {
      await exited;
      heard.push(message);
      return {};
    });
    const connection = attachChild(child, { locator: locator(notify), limits: { maxAsksInProgress: 1 } });
    expect((await ended(connection)).message).toBe("the peer closed the connection");
    expect(heard).toEqual(words);
  });

  it("calls to a child that could not be started reject with the reason", async () => {
    const child = spawn("/nowhere/at/all", { stdio: ["pipe", "pipe", "inherit"] });
    const connection = attachChild(child);
    const error = await rejection(connection.callRemote(Sum, { a: 1n, b: 1n }));
    expect(error).toBeInstanceOf(ConnectFailed);
    expect(error.message).toContain("ENOENT");
    await ended(connection);
  });

  it("attachChild throws if the child has no pipes", async () => {
    const child = spawn(process.execPath, ["-e", ""], { stdio: ["ignore", "pipe", "inherit"] });
    expect(() => attachChild(child)).toThrow(/no pipe as descriptor 0/);
    expect(() => attachChild(child, { childReads: 1, childWrites: 7 })).toThrow(TypeError);
    await once(child, "exit");
  });
});

describe("file descriptors", () => {
  it.each(["limits", "a file for its output"])(
    "refused descriptors do not keep the process alive: %s",
    async (what) => {
      const program = await nodeProgram("refused-stdio");
      const file = openSync("/dev/null", "w");
      const output = what === "limits" ? "pipe" : file;
      const child = spawn(process.execPath, [program, what], { stdio: ["pipe", output, "pipe"] });
      onTestFinished(() => void child.kill("SIGKILL"));
      closeSync(file);
      const said = once(child.stderr as Readable, "data");
      expect(await once(child, "exit")).toEqual([0, null]);
      expect(String(await said)).toMatch(/maxBoxBytes|descriptor 1/);
    },
  );

  it("descriptors that are neither pipes nor sockets are refused", () => {
    const fd = openSync("/dev/null", "r+");
    onTestFinished(() => closeSync(fd));
    expect(() => attachFileDescriptors({ readable: fd, writable: fd })).toThrow(`descriptor ${fd}`);
    expect(() => attachFileDescriptors({ readable: 9_999, writable: 9_999 })).toThrow(TypeError);
  });
});
