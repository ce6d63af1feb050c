import { absences, dated, eightCommands, mixed, optionals, rows, texts } from "./fields.mjs";

const MSGPACKR = ["msgpackr", "msgpackr-shared"];
const OTHERS = [...MSGPACKR, "jsonrpc", "grpc", "twisted"];
const AMPWIRE = ["ampwire", "ampwire-async"];
const CALLS = [...AMPWIRE, "floor", "promise-floor", ...OTHERS];

const same = (fields) => [{ name: "Same", fields }];

/**
 * Workloads. Each is run by one of the client programs in `child/`:
 *
 *   calls      keeps `inFlight` calls in flight on `connections` open connections (default 1)
 *   connects   opens a connection for each call
 *   idle       opens `connections` and measures the memory that they take
 *
 * `kind` is `sum`, `echo` or `commands`. A workload with a `short` title is a column of the summary. `clients` is the
 * number of client processes (default 1). With `allCores` no process is pinned.
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
    id: "turns",
    short: "eight commands",
    title: "Eight commands of six fields in turn, 64 in flight",
    program: "calls",
    kind: "commands",
    commands: eightCommands,
    inFlight: 64,
    peers: [...AMPWIRE, "ampwire-one-command", ...OTHERS],
  },
  {
    id: "mixed",
    short: "ten fields",
    title: "Ten mixed fields there and back, 64 in flight",
    program: "calls",
    kind: "commands",
    commands: same(mixed),
    inFlight: 64,
    peers: CALLS,
  },
  {
    id: "dated",
    short: "date, decimal",
    title: "Ten fields with a date and a decimal there and back, 64 in flight",
    program: "calls",
    kind: "commands",
    commands: same(dated),
    inFlight: 64,
    peers: [...CALLS, "ampwire-date"],
  },
  {
    id: "optional",
    short: "optional fields",
    title: "Three fields and up to five optional ones there and back, four sets in turn, 64 in flight",
    program: "calls",
    kind: "commands",
    commands: [{ name: "Same", fields: optionals, absences }],
    inFlight: 64,
    peers: [...AMPWIRE, ...OTHERS],
  },
  {
    id: "texts",
    short: "non-ASCII text",
    title: "Six texts, mostly not ASCII, there and back, 64 in flight",
    program: "calls",
    kind: "commands",
    commands: same(texts),
    inFlight: 64,
    peers: CALLS,
  },
  {
    id: "rows",
    short: "50 rows",
    title: "A list of 50 rows there and back, 16 in flight",
    program: "calls",
    kind: "commands",
    commands: same(rows),
    inFlight: 16,
    peers: CALLS,
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
    id: "tls",
    short: "TLS, 64",
    title: "Sum inside TLS, 64 in flight",
    program: "calls",
    kind: "sum",
    inFlight: 64,
    secure: true,
    peers: [...AMPWIRE, "promise-floor", ...OTHERS],
  },
  {
    id: "up",
    short: "StartTLS up",
    title: "Connect, StartTLS, one call; 8 at once",
    program: "connects",
    kind: "sum",
    inFlight: 8,
    secure: true,
    peers: ["ampwire", "promise-floor", "kept-floor", ...OTHERS],
  },
  {
    id: "cluster",
    short: "cluster",
    title: "Sum, 2 client processes with 4 connections each, 16 in flight on each connection, all cores",
    program: "calls",
    kind: "sum",
    inFlight: 64,
    connections: 4,
    clients: 2,
    allCores: true,
    peers: [
      "ampwire",
      "ampwire-cluster",
      "promise-floor",
      "promise-floor-cluster",
      "msgpackr-shared",
      "msgpackr-shared-cluster",
    ],
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
