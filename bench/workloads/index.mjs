/**
 * What is measured. `program` is the client's (`child/`): `calls` keeps `inFlight` calls going on open
 * connections, `connects` opens a connection for each call, `idle` opens `connections` and leaves them be.
 */
export const WORKLOADS = [
  {
    id: "one",
    title: "Sum, one at a time",
    program: "calls",
    kind: "sum",
    inFlight: 1,
    peers: ["ampwire", "ampwire-async", "floor", "promise-floor", "msgpackr", "twisted"],
  },
  {
    id: "64",
    title: "Sum, 64 in flight",
    program: "calls",
    kind: "sum",
    inFlight: 64,
    peers: ["ampwire", "ampwire-async", "floor", "promise-floor", "msgpackr", "twisted"],
  },
  {
    id: "1000",
    title: "Sum, 1,000 in flight",
    program: "calls",
    kind: "sum",
    inFlight: 1000,
    peers: ["ampwire", "ampwire-async", "floor", "promise-floor", "msgpackr", "twisted"],
  },
  {
    id: "bulk",
    title: "Echo of 60,000 bytes, 16 in flight",
    program: "calls",
    kind: "echo",
    bytes: 60_000,
    inFlight: 16,
    peers: ["ampwire", "ampwire-async", "floor", "promise-floor", "value-floor", "msgpackr", "twisted"],
  },
  {
    id: "tls",
    title: "Sum inside TLS, 64 in flight",
    program: "calls",
    kind: "sum",
    inFlight: 64,
    secure: true,
    peers: ["ampwire", "ampwire-async", "promise-floor", "msgpackr", "twisted"],
  },
  {
    id: "up",
    title: "connect, StartTLS, one call; 8 at once",
    program: "connects",
    kind: "sum",
    inFlight: 8,
    secure: true,
    peers: ["ampwire", "promise-floor", "msgpackr", "twisted"],
  },
  {
    id: "idle",
    title: "1,000 idle connections, plain",
    program: "idle",
    kind: "sum",
    connections: 1000,
    peers: ["ampwire", "floor", "msgpackr", "twisted"],
  },
  {
    id: "idle-tls",
    title: "1,000 idle connections, TLS",
    program: "idle",
    kind: "sum",
    connections: 1000,
    secure: true,
    peers: ["ampwire", "floor", "msgpackr", "twisted"],
  },
];
