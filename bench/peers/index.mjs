import { python } from "../../scripts/setup.mjs";

const CLUSTER = 2;

/**
 * Peers. A title names the mode in which the peer runs. A peer on Node is one file that exports
 *
 *   serve({ work, tls, options, dist })        starts a server; resolves with `{ port }`
 *   open({ port, work, tls, options, dist })   connects, and starts TLS if `tls` is given; resolves with a client
 *
 * A client has `call()`, which returns a promise of one response, `close()`, and `answers`: the responses expected for
 * calls in turn. A floor without promises has `ask(count)` and `onAnswers` instead of `call()`; no floor has `answers`.
 *
 * `options.processes` makes the server a cluster of that many processes. A peer in another language is a program that
 * speaks the protocol of `child/control.mjs`.
 */
export const PEERS = [
  { id: "ampwire", title: "ampwire", file: "ampwire.mjs", options: { responders: "sync" } },
  {
    id: "ampwire-async",
    title: "ampwire, async responders",
    file: "ampwire.mjs",
    options: { responders: "async" },
  },
  {
    id: "ampwire-one-command",
    title: "ampwire, only one command",
    file: "ampwire.mjs",
    options: { responders: "sync", commands: 1 },
  },
  {
    id: "ampwire-date",
    title: "ampwire, dates as Date",
    file: "ampwire.mjs",
    options: { responders: "sync", dates: "Date" },
  },
  {
    id: "ampwire-cluster",
    title: `ampwire, cluster of ${CLUSTER}`,
    file: "ampwire.mjs",
    options: { responders: "sync", processes: CLUSTER },
  },
  { id: "floor", title: "floor of node:net", file: "floor.mjs", options: { keepsContexts: true } },
  { id: "promise-floor", title: "floor with promises", file: "promise-floor.mjs" },
  {
    id: "promise-floor-cluster",
    title: `promise floor, cluster of ${CLUSTER}`,
    file: "promise-floor.mjs",
    options: { processes: CLUSTER },
  },
  {
    id: "kept-floor",
    title: "floor with kept contexts",
    file: "promise-floor.mjs",
    options: { keepsContexts: true },
  },
  { id: "tag-floor", title: "floor with tags", file: "tag-floor.mjs" },
  { id: "value-floor", title: "floor with whole values", file: "value-floor.mjs" },
  { id: "msgpackr", title: "msgpackr, plain maps", file: "msgpackr.mjs", options: { structures: "none" } },
  {
    id: "msgpackr-shared",
    title: "msgpackr, shared structures",
    file: "msgpackr.mjs",
    options: { structures: "shared" },
  },
  {
    id: "msgpackr-shared-cluster",
    title: `msgpackr shared, cluster of ${CLUSTER}`,
    file: "msgpackr.mjs",
    options: { structures: "shared", processes: CLUSTER },
  },
  { id: "jsonrpc", title: "vscode-jsonrpc", file: "jsonrpc.mjs" },
  { id: "grpc", title: "@grpc/grpc-js", file: "grpc.mjs" },
  { id: "twisted", title: "Twisted AMP", file: "twisted_amp.py", program: python },
];
