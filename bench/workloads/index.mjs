import { mixed, rows } from "./fields.mjs";

const OTHERS = ["msgpackr", "jsonrpc", "grpc", "twisted"];
const CALLS = ["ampwire", "ampwire-async", "floor", "promise-floor", ...OTHERS];

/**
 * What is measured. `program` is the client's (`child/`): `calls` keeps `inFlight` calls going on open
 * connections, `connects` opens a connection for each call, `idle` opens `connections` and leaves them be.
 * A workload with a `short` title is a column of the summary.
 */
export const WORKLOADS = [
  {
    id: "one",
    short: "one at a time",
    title: "Sum, one at a time",
    program: "calls",
    kind: "sum",
    inFlight: 1,
    peers: CALLS,
  },
  {
    id: "64",
    short: "64 in flight",
    title: "Sum, 64 in flight",
    program: "calls",
    kind: "sum",
    inFlight: 64,
    peers: [...CALLS, "tag-floor"],
  },
  {
    id: "1000",
    short: "1,000 in flight",
    title: "Sum, 1,000 in flight",
    program: "calls",
    kind: "sum",
    inFlight: 1000,
    peers: [...CALLS, "tag-floor"],
  },
  {
    id: "bulk",
    short: "60 kB, MB/s",
    title: "Echo of 60,000 bytes, 16 in flight",
    program: "calls",
    kind: "echo",
    bytes: 60_000,
    inFlight: 16,
    peers: [...CALLS, "value-floor"],
  },
  {
    id: "mixed",
    short: "ten fields",
    title: "Ten mixed fields there and back, 64 in flight",
    program: "calls",
    kind: "mixed",
    fields: mixed,
    inFlight: 64,
    peers: CALLS,
  },
  {
    id: "rows",
    short: "50 rows",
    title: "A list of 50 rows there and back, 16 in flight",
    program: "calls",
    kind: "rows",
    fields: rows,
    inFlight: 16,
    peers: CALLS,
  },
  {
    id: "tls",
    short: "TLS, 64",
    title: "Sum inside TLS, 64 in flight",
    program: "calls",
    kind: "sum",
    inFlight: 64,
    secure: true,
    peers: ["ampwire", "ampwire-async", "promise-floor", ...OTHERS],
  },
  {
    id: "up",
    short: "StartTLS up",
    title: "connect, StartTLS, one call; 8 at once",
    program: "connects",
    kind: "sum",
    inFlight: 8,
    secure: true,
    peers: ["ampwire", "promise-floor", "kept-floor", ...OTHERS],
  },
  {
    id: "idle",
    short: "idle, KiB",
    title: "1,000 idle connections, plain",
    program: "idle",
    kind: "sum",
    connections: 1000,
    peers: ["ampwire", "floor", ...OTHERS],
  },
  {
    id: "idle-tls",
    title: "1,000 idle connections, TLS",
    program: "idle",
    kind: "sum",
    connections: 1000,
    secure: true,
    peers: ["ampwire", "floor", ...OTHERS],
  },
];
