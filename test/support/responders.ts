/** A peer with a responder for every command that a Twisted peer may call, as in `test/interop/twisted/peer_protocol.py`. */
import type { Duplex } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { type AmpConnection, Box, locator, RemoteAmpError, type ResponderLocator, StartTLS } from "ampwire";
import * as commands from "./commands.ts";

/** The locator for one connection or for a server. Its state is separate for each connection. */
export function peerLocator(): ResponderLocator {
  return locator(...calls(), ...echoes(), ...failures(), ...upgrades(), ...switches(), {
    amp_RAW: (box: Box) => new Box([...box].filter(([key]) => !key.startsWith("_"))),
  });
}

function calls() {
  return [
    commands.Sum.responder(({ a, b }) => ({ total: a + b })),
    commands.Divide.responder(({ numerator, denominator }) => {
      if (denominator === 0n) throw new commands.ZeroDivisionError("division by zero");
      return { result: Number(numerator) / Number(denominator) };
    }),
    commands.Notify.responder(({ message }, { state }) => {
      state.lastNotified = message;
    }),
    commands.LastNotified.responder((_, { state }) => ({ message: String(state.lastNotified ?? "") })),
    commands.Slow.responder(async ({ milliseconds }, { signal }) => {
      await delay(milliseconds, undefined, { signal: signal as AbortSignal }).catch(() => {}); // the signal is always an AbortSignal of Node
    }),
    commands.CallBack.responder(async ({ n }, { connection }) => {
      const asked = Array.from({ length: Number(n) }, (_, i) => BigInt(i)).map((i) =>
        connection.callRemote(commands.Sum, { a: i, b: i }),
      );
      return { total: (await Promise.all(asked)).reduce((sum, { total }) => sum + total, 0n) };
    }),
  ];
}

function echoes() {
  return [
    commands.EchoInteger.responder((fields) => fields),
    commands.EchoString.responder((fields) => fields),
    commands.EchoUnicode.responder((fields) => fields),
    commands.EchoBoolean.responder((fields) => fields),
    commands.EchoFloat.responder((fields) => fields),
    commands.EchoDecimal.responder((fields) => fields),
    commands.EchoDateTime.responder((fields) => fields),
    commands.EchoPath.responder((fields) => fields),
    commands.EchoListOfInteger.responder((fields) => fields),
    commands.EchoListOfListOfUnicode.responder((fields) => fields),
    commands.EchoAmpList.responder((fields) => fields),
    commands.EchoOptional.responder((fields) => fields),
    commands.EchoBig.responder((fields) => fields),
  ];
}

function failures() {
  return [
    commands.FailDeclared.responder(({ message }) => {
      throw new commands.DeclaredError(message);
    }),
    commands.FailFatal.responder(({ message }) => {
      throw new commands.FatalError(message);
    }),
    commands.Quit.responder(({ message }) => ({ goodbye: message })),
    commands.FailUndeclared.responder(({ message }) => {
      throw new Error(message);
    }),
    commands.FailBase.responder(({ message }) => {
      throw new commands.BaseError(message);
    }),
    commands.FailExtended.responder(({ message, which }) => {
      throw which === "base" ? new commands.BaseError(message) : new commands.ExtendedError(message);
    }),
    commands.FailWith.responder(({ code, description, fatal }) => {
      throw new RemoteAmpError(new TextDecoder().decode(code), description, fatal);
    }),
    commands.FailReturn.responder(() => {
      const wrong: unknown = "not an integer";
      return { total: wrong as bigint }; // a type error on purpose
    }),
    commands.Repeat.responder(({ value, times }) => ({
      value: new Uint8Array(Buffer.concat(Array<Uint8Array>(times).fill(value))),
    })),
  ];
}

/** Upgrades that the peer asked this end to start. They are not in `context.state`, which is new inside TLS. */
const upgradesBegun = new WeakMap<AmpConnection, Promise<string>>();

function upgrades() {
  return [
    commands.WhoAmI.responder((_, { connection }) => ({
      peerCommonName: connection.peerCertificate?.commonName ?? "",
      secure: connection.secure,
      tlsVersion: connection.tls?.protocol ?? "",
    })),
    commands.SecureStart.responder(({ token }) => {
      if (token !== commands.GOOD_TOKEN) throw new commands.BadTokenError(`not a good token: ${token}`);
      return {};
    }),
    commands.StartTLSNow.responder((_, { connection }) => {
      const begun = new Promise((resolve) => setImmediate(resolve)) // after the answer
        .then(() => connection.startTLS())
        .then(
          () => "",
          (error: unknown) => String(error),
        );
      upgradesBegun.set(connection, begun);
    }),
    commands.WaitSecure.responder(async (_, { connection }) => {
      const error = (await upgradesBegun.get(connection)) ?? "";
      return { secure: connection.secure, error };
    }),
  ];
}

function switches() {
  return [
    commands.SwitchToLine.responder(() => ({ protocol: echoLines })),
    commands.RefuseSwitch.responder(() => {
      throw new commands.SwitchRefusedError("AMP goes on");
    }),
  ];
}

function echoLines(stream: Duplex): void {
  let rest = "";
  stream.on("error", () => {});
  stream.on("data", (chunk: Buffer) => {
    const lines = (rest + chunk.toString("latin1")).split("\r\n");
    rest = lines.pop() ?? "";
    for (const line of lines) stream.write(`echo: ${line}\r\n`, "latin1");
  });
  stream.on("end", () => stream.end());
  stream.resume();
}

/** Refuses every StartTLS, as `--refuse-tls` does. It must come before `peerLocator()`. */
export function refusingTLS(): ResponderLocator {
  return locator(
    StartTLS.responder(() => {
      throw new RemoteAmpError("TLS_ERROR", "TLS is refused here");
    }),
  );
}
