/**
 * Live Twisted peers: starts `test/interop/twisted/peer.py`, talks to it and ends it.
 *
 * Importing this file ensures that no peer outlives the test file. A peer that cannot be ended exits by itself after a
 * while.
 */
import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Server } from "ampwire/node";
import { afterAll } from "vitest";
import { describeWith, type Need } from "./needs.ts";
import { certificateFile, type TLSSide } from "./tls-side.ts";

export const python = process.env.AMPWIRE_PYTHON || "/usr/bin/python3";

export const TWISTED: Need = {
  what: "Twisted",
  there: hasTwisted,
  missing: `${python} cannot import twisted, OpenSSL and service_identity. Debian has them as python3-twisted, python3-openssl and python3-service-identity; AMPWIRE_PYTHON names another Python`,
};

/** Runs the tests if Twisted is installed. */
export function describeWithTwisted(name: string, tests: () => void): void {
  describeWith([TWISTED], name, tests);
}

let found: boolean | undefined;

/** Uses the result of `npm test`, or asks Python. */
function hasTwisted(): boolean {
  const known = process.env.AMPWIRE_TWISTED;
  if (known !== undefined) return known === "1";
  found ??= spawnSync(python, ["-c", "import twisted, OpenSSL, service_identity"]).status === 0;
  return found;
}

export type Address = { readonly port: number; readonly host: string } | { readonly path: string };

export function addressOf(server: Server): Address {
  const address = server.address();
  if (address === null) throw new Error("the server is closed");
  return typeof address === "string" ? { path: address } : { port: address.port, host: address.address };
}

export type Scenario =
  | "calls"
  | "errors"
  | "notify"
  | "switch"
  | "descriptors"
  | "starttls"
  | "secure-start"
  | "be-asked-for-tls"
  | "serve"
  | "echo-stdin";

export interface ClientOptions extends TLSSide {
  /** be-asked-for-tls: ask the server for StartTLSNow first. */
  readonly request?: boolean;
  /** echo-stdin: make the calls inside TLS. */
  readonly starttls?: boolean;
  /** Milliseconds between Twisted's answer to StartTLS and its ClientHello. Default: both in one segment. */
  readonly helloDelay?: number;
}

export interface ServerOptions extends TLSSide {
  /** Listen on this UNIX socket in place of TCP. */
  readonly path?: string;
  /** Require a PROXY header, as Twisted's endpoint `haproxy:` does. */
  readonly haproxy?: boolean;
}

/** A line of a peer's output. */
export interface Message {
  readonly listening?: { readonly port: number } | { readonly path: string };
  readonly step?: string;
  readonly ok?: boolean;
  readonly value?: unknown;
  readonly error?: string;
}

const running = new Set<TwistedPeer>();

afterAll(async () => {
  await Promise.all([...running].map((peer) => peer.kill()));
});

/** In seconds; long enough for a test file on a busy machine. */
const GIVE_UP = "--timeout=120";

/** Returns the path of a program in `test/interop/twisted/`. */
export function interop(program: string): string {
  return fileURLToPath(new URL(`../interop/twisted/${program}`, import.meta.url));
}

/** A Python process. */
export class TwistedPeer {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  readonly #exited: Promise<unknown>;
  #complaints = "";

  constructor(args: readonly string[], program = "peer.py") {
    this.#child = spawn(python, [interop(program), ...args]);
    this.#exited = once(this.#child, "close").finally(() => running.delete(this));
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
    this.#child.stdin.on("error", () => {}); // a peer that has exited does not read; its output has the reason
    this.#child.stderr.on("data", (text: Buffer) => {
      this.#complaints += text.toString();
    });
    running.add(this);
  }

  /** Returns the next line of the output; undefined at the end. */
  async next<M = Message>(): Promise<M | undefined> {
    const { value, done } = await this.#lines.next();
    return done ? undefined : (JSON.parse(value) as M); // the head of peer.py documents the output
  }

  say(line: string): void {
    this.#child.stdin.write(`${line}\n`);
  }

  /** Ends its standard input and waits until it exits. */
  async end(): Promise<void> {
    this.#child.stdin.end();
    await this.#exited;
  }

  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#exited;
  }

  /** Text for the message of a failed test. */
  get complaints(): string {
    return this.#complaints;
  }
}

export interface TwistedServer extends AsyncDisposable {
  readonly address: Address;
}

export async function twistedServer(options: ServerOptions = {}): Promise<TwistedServer> {
  const peer = new TwistedPeer([
    "server",
    GIVE_UP,
    ...(options.path === undefined ? [] : [`--unix=${options.path}`]),
    ...(options.haproxy ? ["--haproxy"] : []),
    ...tlsArguments(options),
  ]);
  const said = await peer.next();
  if (said?.listening === undefined) throw new Error(`Twisted does not listen: ${peer.complaints}`);
  const address = "port" in said.listening ? { ...said.listening, host: "127.0.0.1" } : said.listening;
  return { address, [Symbol.asyncDispose]: () => peer.end() };
}

/** A client that was started. The caller reads its output. */
export function twistedClient(
  scenario: Scenario,
  address: Address,
  options: ClientOptions = {},
): TwistedPeer {
  return new TwistedPeer(["client", GIVE_UP, ...clientArguments(scenario, address, options)]);
}

function clientArguments(scenario: Scenario, address: Address, options: ClientOptions): string[] {
  return [
    scenario,
    "path" in address ? `--unix=${address.path}` : `--port=${address.port}`,
    ...(options.request ? ["--request"] : []),
    ...(options.starttls ? ["--starttls"] : []),
    ...(options.helloDelay === undefined ? [] : [`--hello-delay=${options.helloDelay}`]),
    ...tlsArguments(options),
  ];
}

export interface Run {
  /** `ok`, or the first error: `ClassName: message`. */
  readonly outcome: string;
  /** Every step with its outcome, in order. */
  readonly steps: ReadonlyMap<string, Message>;
  /** The names of the failed steps, with their errors. */
  readonly failures: readonly string[];
}

/** A process that has run a scenario and waits for the next one: starting Python takes longer than most scenarios. */
let idle: TwistedPeer | undefined;

/** Runs a scenario to its end. */
export async function twistedRun(
  scenario: Scenario,
  address: Address,
  options: ClientOptions = {},
): Promise<Run> {
  const peer = idle ?? new TwistedPeer(["clients", GIVE_UP]);
  idle = undefined; // a process without a result is not used again
  peer.say(JSON.stringify(clientArguments(scenario, address, options)));
  const run = await runOf(peer);
  idle = peer;
  return run;
}

/** Makes Twisted spawn a child and run the scenario `calls` with it, over these descriptors of the child. */
export async function twistedParent(command: readonly string[], input: number, output: number): Promise<Run> {
  const parent = new TwistedPeer(
    [GIVE_UP, `--input=${input}`, `--output=${output}`, ...command],
    "stdio_parent.py",
  );
  const run = await runOf(parent);
  await parent.end();
  return run;
}

async function runOf(peer: TwistedPeer): Promise<Run> {
  const steps = new Map<string, Message>();
  let said = await peer.next();
  for (; said?.step !== undefined; said = await peer.next()) steps.set(said.step, said);
  const outcome = said?.ok ? "ok" : said?.error;
  if (outcome === undefined) throw new Error(`Twisted has printed no result: ${peer.complaints}`);
  const failures = [...steps].filter(([, { ok }]) => !ok).map(([name, { error }]) => `${name}: ${error}`);
  return { outcome, steps, failures };
}

function tlsArguments({ certificate, authorities, refuse, oldest, newest }: TLSSide): string[] {
  return [
    ...(certificate === undefined ? [] : [`--cert=${certificateFile([certificate])}`]),
    ...(authorities === undefined ? [] : [`--ca=${certificateFile(authorities)}`]),
    ...(refuse ? ["--refuse-tls"] : []),
    ...(oldest === undefined ? [] : [`--tls-min=${oldest}`]),
    ...(newest === undefined ? [] : [`--tls-max=${newest}`]),
  ];
}
