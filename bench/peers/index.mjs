import { python } from "../../scripts/setup.mjs";

/**
 * Everyone who is measured. A peer of Node is one file that exports
 *
 *   serve({ work, tls, options, dist })        starts a server, resolves with `{ port }`
 *   open({ port, work, tls, options, dist })   connects (and turns to TLS), resolves with a client:
 *                                              `call()`, a promise of one answer, and `close()`;
 *                                              a peer below promises has `ask(count)` and `onAnswers` instead
 *
 * A peer in another language is a program that speaks the lines of `child/control.mjs`.
 */
export const PEERS = [
  { id: "ampwire", title: "ampwire", file: "ampwire.mjs", options: { responders: "sync" } },
  {
    id: "ampwire-async",
    title: "ampwire, async responders",
    file: "ampwire.mjs",
    options: { responders: "async" },
  },
  { id: "floor", title: "floor of node:net", file: "floor.mjs", options: { keepsContexts: true } },
  { id: "promise-floor", title: "floor with promises", file: "promise-floor.mjs" },
  {
    id: "kept-floor",
    title: "floor with kept contexts",
    file: "promise-floor.mjs",
    options: { keepsContexts: true },
  },
  { id: "tag-floor", title: "floor with tags", file: "tag-floor.mjs" },
  { id: "value-floor", title: "floor with whole values", file: "value-floor.mjs" },
  { id: "msgpackr", title: "msgpackr by hand", file: "msgpackr.mjs" },
  { id: "jsonrpc", title: "vscode-jsonrpc", file: "jsonrpc.mjs" },
  { id: "grpc", title: "@grpc/grpc-js", file: "grpc.mjs" },
  { id: "twisted", title: "Twisted AMP", file: "twisted_amp.py", program: python },
];
