/** Explains why an address cannot be listened at. */
import { once } from "node:events";
import { existsSync, statSync } from "node:fs";
import { connect } from "node:net";
import { dirname } from "node:path";
import { Failure } from "../cli-error.ts";
import { type Address, addressText } from "./address.ts";
import { reasonOf, systemCode } from "./reason.ts";

/** Returns a Failure with a hint for an error of the system. Other errors are returned unchanged. */
export async function listenFailure(address: Address, error: unknown): Promise<unknown> {
  const code = systemCode(error, (known) => /^E[A-Z0-9]+$/.test(known));
  if (code === undefined) return error;
  const message = `cannot listen at ${addressText(address)}: ${reasonOf(systemError(error, code))}`;
  const hint = address.kind === "unix" ? await pathHint(code, address.path) : portHint(code, address.port);
  return new Failure(message, hint, { code, cause: error });
}

/**
 * Returns the error of the system. `listen` explains some of them by an error with the same code: the hint here explains them
 * too.
 */
function systemError(error: unknown, code: string): unknown {
  const cause = error instanceof Error ? error.cause : undefined;
  return systemCode(cause, (known) => known === code) === undefined ? error : cause;
}

async function pathHint(code: string, path: string): Promise<string | undefined> {
  switch (code) {
    case "EADDRINUSE":
      if (!isSocket(path)) return "a file with this name exists and is not a socket: choose another path";
      return (await isListening(path))
        ? "a process listens at this socket: stop it, or choose another path"
        : "no process listens at this socket: remove the file";
    case "EACCES":
    case "EPERM":
      // Node reports a missing folder as EACCES.
      if (!existsSync(dirname(path))) return `${dirname(path)} does not exist: create it`;
      return `no permission to create a socket in ${dirname(path)}: choose another folder`;
    case "ENOENT":
    case "ENOTDIR":
      return `${dirname(path)} is not a folder: create it`;
    case "EINVAL":
    case "ENAMETOOLONG":
      return "the path of a UNIX socket may have about 100 bytes: choose a shorter one";
  }
  return undefined;
}

function portHint(code: string, port: number): string | undefined {
  switch (code) {
    case "EADDRINUSE":
      return `another process listens at port ${port}: stop it, or choose another port (0 chooses a free one)`;
    case "EACCES":
    case "EPERM":
      return `no permission to listen at port ${port}: choose a port from 1024 on`;
    case "EADDRNOTAVAIL":
      return "no network interface of this machine has this address";
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return "the host name is unknown: check it, or use an IP address";
  }
  return undefined;
}

function isSocket(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isSocket() === true;
}

/** Connects to a UNIX socket to learn if a process listens at it. */
async function isListening(path: string): Promise<boolean> {
  const socket = connect({ path });
  try {
    await once(socket, "connect");
    return true;
  } catch (error) {
    // Without permission to connect, a process may listen.
    return systemCode(error, (code) => code === "ECONNREFUSED" || code === "ENOENT") === undefined;
  } finally {
    socket.destroy();
  }
}
