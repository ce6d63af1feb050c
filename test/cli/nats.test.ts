/** Workers, edges and calls over NATS on the command line. */
import { writeFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { builtCommand } from "../support/built.ts";
import { describeWithNats, NatsServer } from "../support/nats-server.ts";
import { scratchPath } from "../support/tls-side.ts";
import { startCommand } from "./command-process.ts";
import { runHere } from "./run-here.ts";

beforeAll(builtCommand, 120_000);

describeWithNats("ampwire over NATS", () => {
  let server: NatsServer;
  let at = "";
  beforeAll(async () => {
    server = await NatsServer.start();
    at = `nats://127.0.0.1:${server.port}`;
  });

  test("a worker, an edge and calls work together on the command line", async () => {
    const module = scratchPath("commands.ts");
    writeFileSync(
      module,
      `import { command, integer } from "ampwire";
       export const Sum = command("Sum", { arguments: { a: integer(), b: integer() }, response: { total: integer() } });`,
    );
    const worker = await startCommand("serve", "--demo", "--nats", `${at}/calc`);
    await worker.output(new RegExp(`^serving ${at}/calc$`, "m"));
    expect((await runHere(`call ${at}/calc Sum a=13 b=81`)).out).toBe("total=94\n");
    expect(await runHere(`call ${at}/calc Divide numerator=1 denominator=0`)).toMatchObject({
      code: 1,
      err: "ampwire: Divide: ZERO_DIVISION: float division by zero\n",
    });
    expect((await runHere(`ping ${at}/calc -n 2`)).out).toMatch(/^1: connect [\d.]+ ms, call [\d.]+ ms$/m);
    // An unknown command is otherwise settled after half a second, in which other workers might serve it.
    const [, , rounds = ""] = (await runHere(`ping ${at}/calc -n 2 --json`)).out.split("\n");
    expect(JSON.parse(rounds).call.min).toBeLessThan(450);
    expect((await runHere(`call ${at}/calc Nothing --timeout 10`)).err).toContain(
      "no worker of calc serves Nothing",
    );

    const edge = await startCommand(
      "edge",
      "calc",
      "--nats",
      at,
      "--commands",
      module,
      "--listen",
      "tcp://127.0.0.1:0",
    );
    const [, front = ""] = await edge.output(/^listening on (\S+) for calc at nats:/m);
    expect((await runHere(`call ${front} Sum a=13 b=81`)).out).toBe("total=94\n");
    expect((await runHere(`call ${front} Divide numerator=1 denominator=2`)).code).toBe(1);
    expect((await runHere(`ping ${front} -n 1`)).code).toBe(0);
  });

  test("a worker and an edge answer Health, and an edge requires a PROXY header with --proxy-from", async () => {
    const module = scratchPath("commands.ts");
    writeFileSync(module, `import { command } from "ampwire"; export const Stay = command("Stay");`);
    const own = await NatsServer.start();
    const nats = `nats://127.0.0.1:${own.port}`;
    const worker = await startCommand("serve", "--demo", "--nats", `${nats}/calc`, "--close-timeout", "1");
    await worker.output(/^serving/m);
    expect((await runHere(`call ${nats}/calc ampwire.Health`)).out).toBe("status=SERVING\n");
    const listening = ["--listen", "tcp://127.0.0.1:0", "--proxy-from", "127.0.0.1", "--close-timeout", "1"];
    const edge = await startCommand("edge", "calc", "--nats", nats, "--commands", module, ...listening);
    const [, front = ""] = await edge.output(/^listening on (\S+) for calc at nats:/m);
    expect((await runHere(`ping ${front} --once --timeout 5`)).code).toBe(1);
    expect((await runHere(`ping ${front} --once --proxy-protocol`)).out).toContain("SERVING");
    await own.kill();
    const probe = async (): Promise<string> => {
      const { out } = await runHere(`ping ${front} --once --proxy-protocol`);
      return out.includes("NOT_SERVING") ? out : probe();
    };
    expect(await probe()).toContain("NOT_SERVING");
  });

  test("a service without a worker is reported by call and ping", async () => {
    for (const typed of [`call ${at}/nobody Sum a=1 b=2`, `ping ${at}/nobody -n 1`]) {
      const { code, err } = await runHere(typed);
      expect([code, err]).toEqual([1, expect.stringContaining("no worker serves the command now")]);
      expect(err).toContain("(start a worker of the service");
    }
  });
});

describe("addresses of NATS", () => {
  test.each([
    ["call nats://127.0.0.1:4222 Sum", "has no service"],
    ["call nats://127.0.0.1:4222/a.b Sum", "must be letters, digits, - and _"],
    ["call nats://127.0.0.1:4222/calc?x Sum", "is not the address of a NATS server"],
    ["call nats:127.0.0.1 Sum", "is not the address of a NATS server"],
    ["call nats://127.0.0.1:4222/calc Sum --starttls", "--starttls has no effect on a call over NATS"],
    ["serve --demo --nats nats://127.0.0.1:4222", "has no service"],
    ["serve --demo --nats nats://127.0.0.1:4222/calc --close-timeout x", "--close-timeout"],
    ["edge calc --commands x.ts --close-timeout -1", "--close-timeout"],
    ["serve --demo --nats nats://127.0.0.1:4222/calc --listen tcp://127.0.0.1:0", "--listen has no effect"],
    ["edge calc", "--commands FILE is required"],
    ["edge a.b --commands x.ts", 'the service "a.b" must be letters, digits, - and _'],
    [
      "edge calc --commands x.ts --nats nats://127.0.0.1:1/calc",
      "--nats nats://127.0.0.1:1/calc names one too",
    ],
    ["call nats://127.0.0.1:1/calc Sum --inbox a.*", '--inbox "a.*" is not the beginning of a NATS subject'],
  ])("%s is an invalid command line", async (typed, text) => {
    const { code, err } = await runHere(typed);
    expect([code, err]).toEqual([2, expect.stringContaining(text)]);
  });

  test("a NATS server that does not answer is reported with a hint, without the password", async () => {
    const { code, err } = await runHere("call nats://me:secret@127.0.0.1:1/calc Sum");
    expect(code).toBe(1);
    expect(err).toContain("cannot connect to nats://127.0.0.1:1/calc");
    expect(err).not.toContain("secret");
  });
});
