/** Node's own servers beneath ours: for what the system tells them, and no test can bring about. */
import { Server } from "node:net";
import { onTestFinished, vi } from "vitest";

/** Those that begin to listen from now on, in their order. */
export function netServers(): readonly Server[] {
  const listen = vi.spyOn(Server.prototype, "listen");
  onTestFinished(() => listen.mockRestore());
  return listen.mock.contexts as Server[]; // of whom it is a method
}

/** What Node tells a server when the system has no room for one more socket. */
export function noRoom(): Error {
  return Object.assign(new Error("accept ENFILE"), { code: "ENFILE", syscall: "accept" });
}
