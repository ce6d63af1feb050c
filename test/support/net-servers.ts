/** Node's servers below those of the library, for errors of the system that a test cannot cause. */
import { Server } from "node:net";
import { onTestFinished, vi } from "vitest";

/** Servers that begin to listen after this call, in their order. */
export function netServers(): readonly Server[] {
  const listen = vi.spyOn(Server.prototype, "listen");
  onTestFinished(() => listen.mockRestore());
  return listen.mock.contexts as Server[]; // `listen` is a method of Server
}

/** The error that Node emits when the system has no file descriptor left for a socket. */
export function noRoom(): Error {
  return Object.assign(new Error("accept ENFILE"), { code: "ENFILE", syscall: "accept" });
}
