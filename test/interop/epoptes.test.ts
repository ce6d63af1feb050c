/** Epoptes of Debian, unmodified, in both roles. Its commands come from its own module, through `ampwire import`. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect as connectSocket } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { bytes, command, listOf, locator, unicode } from "ampwire";
import { connect, listen, type NodeConnection } from "ampwire/node";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { readPython } from "../../src/cli/import/read-python.ts";
import { writeTypeScript } from "../../src/cli/import/write-typescript.ts";
import { describeWithEpoptes, epoptesFolder } from "../support/epoptes.ts";
import { python } from "../support/twisted.ts";
import { unixPlace } from "../support/unix-place.ts";

/** The commands as `ampwire import` must write them. */
const declared = {
  ClientConnected: command("ClientConnected", { arguments: { handle: unicode() } }),
  ClientDisconnected: command("ClientDisconnected", { arguments: { handle: unicode() } }),
  EnumerateClients: command("EnumerateClients", { response: { handles: listOf(unicode()) } }),
  ClientCommand: command("ClientCommand", {
    arguments: { handle: unicode(), command: unicode() },
    response: { result: bytes(), filename: unicode() },
  }),
};

/** A folder in the repository, where the compiler resolves the name of the package. */
const place = mkdtempSync("test/interop/imported-");
afterAll(() => rmSync(place, { recursive: true }));

/** Starts a program of `test/interop/programs/` with the modules of epoptes. */
function start(program: string, path: string) {
  const child = spawn(python, ["-B", fileURLToPath(new URL(`programs/${program}`, import.meta.url)), path], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { ...process.env, PYTHONPATH: epoptesFolder },
  });
  onTestFinished(() => ended(child));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return { child, line: async (): Promise<string> => (await lines.next()).value ?? "" };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGKILL");
  await once(child, "close");
}

describeWithEpoptes("epoptes", () => {
  let commands: typeof declared;

  beforeAll(async () => {
    const text = writeTypeScript(await readPython(`${epoptesFolder}/epoptes/daemon/commands.py`));
    const file = join(place, "commands.ts");
    writeFileSync(file, text);
    commands = await import(join(process.cwd(), file)); // the next test compares them
  });

  it("ampwire import writes the commands of epoptes", () => {
    expect(Object.keys(commands).sort()).toEqual(Object.keys(declared).sort());
    for (const [name, { arguments: args, response }] of Object.entries(declared)) {
      const imported = commands[name as keyof typeof declared]; // one of its names
      expect(imported.name).toBe(name);
      expect(Object.keys(imported.arguments)).toEqual(Object.keys(args));
      expect(Object.keys(imported.response)).toEqual(Object.keys(response));
    }
  });

  it("a user interface in Node lists the clients of epoptes' daemon, runs a command on one, and sees it go", async () => {
    const path = unixPlace();
    const daemon = start("epoptes_daemon.py", path);
    const port = Number(await daemon.line());
    const events: string[] = [];
    const seen = new Map<string, () => void>();
    const event = (name: string) => new Promise<void>((resolve) => seen.set(name, resolve));
    const notice =
      (name: string) =>
      ({ handle }: { handle: string }) => {
        events.push(`${name} ${handle}`);
        seen.get(name)?.();
      };
    const [connected, gone] = [event("connected"), event("gone")];
    const ui = await connect({
      path,
      locator: locator(
        commands.ClientConnected.responder(notice("connected")),
        commands.ClientDisconnected.responder(notice("gone")),
      ),
    });
    onTestFinished(() => ui.destroy());
    expect(await ui.callRemote(commands.EnumerateClients)).toEqual({ handles: [] });

    // A client of epoptes is a shell whose input and output are the connection.
    const shell = spawn("sh", { stdio: ["pipe", "pipe", "inherit"] });
    onTestFinished(() => ended(shell));
    const socket = connectSocket(port, "127.0.0.1");
    onTestFinished(() => void socket.destroy());
    socket.pipe(shell.stdin);
    shell.stdout.pipe(socket);
    await connected;
    const { handles } = await ui.callRemote(commands.EnumerateClients);
    const [handle = ""] = handles;
    expect(handles).toEqual([`127.0.0.1:${socket.localPort}`]);
    const hello = await ui.callRemote(commands.ClientCommand, { handle, command: "echo hello" });
    expect([Buffer.from(hello.result).toString(), hello.filename]).toEqual(["hello\n", ""]);
    const many = Array.from({ length: 20 }, (_, i) =>
      ui.callRemote(commands.ClientCommand, { handle, command: `echo ${i}` }),
    );
    expect((await Promise.all(many)).map(({ result }) => Buffer.from(result).toString())).toEqual(
      many.map((_, i) => `${i}\n`),
    );
    const unknown = { handle: "nobody", command: "true" };
    expect(await ui.callRemote(commands.ClientCommand, unknown)).toMatchObject({ filename: "" });
    socket.end();
    await gone;
    expect(events).toEqual([`connected ${handle}`, `gone ${handle}`]);
    await ui.close();
    daemon.child.stdin.end();
    expect(await once(daemon.child, "close")).toEqual([0, null]);
  });

  it("epoptes' user interface lists the clients of a daemon in Node, and runs a command on each", async () => {
    const path = unixPlace();
    let interfaces: NodeConnection[] = [];
    const server = await listen({
      path,
      locator: locator(
        commands.EnumerateClients.responder(() => ({ handles: ["10.0.0.1:1", "é:2"] })),
        commands.ClientCommand.responder(({ handle, command }) => ({
          result: Buffer.from(`${handle} runs ${command}`),
          filename: "",
        })),
      ),
      onConnection: (connection) => {
        interfaces = [...interfaces, connection];
      },
    });
    onTestFinished(() => server.destroy());
    const gui = start("epoptes_gui.py", path);
    const next = async () => JSON.parse(await gui.line());
    expect(await next()).toEqual(["clients", ["10.0.0.1:1", "é:2"]]);
    expect(await next()).toEqual(["result", "10.0.0.1:1 runs echo hello"]);
    expect(await next()).toEqual(["result", "é:2 runs echo hello"]);
    const [ui] = interfaces;
    expect(await ui?.callRemote(commands.ClientConnected, { handle: "new:3" })).toEqual({});
    expect(await next()).toEqual(["connected", "new:3"]);
    expect(await ui?.callRemote(commands.ClientDisconnected, { handle: "new:3" })).toEqual({});
    expect(await next()).toEqual(["gone", "new:3"]);
    await server.close();
    expect(await next()).toEqual(["disconnected"]);
    expect(await once(gui.child, "close")).toEqual([0, null]);
  });
});
