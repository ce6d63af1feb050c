/** Serves every command over `parentPort` in a worker, over the IPC channel in a child process. */
import { parentPort } from "node:worker_threads";
import { connectionOver, ipcChannel, portChannel } from "../message-channels.ts";
import { peerLocator } from "../responders.ts";

const channel = parentPort === null ? ipcChannel(process) : portChannel(parentPort);
const reason = await connectionOver(channel, { locator: peerLocator() }).closed;
if (reason.name !== "ConnectionClosed") throw reason;
