/** Tools for tests of programs that use AMP: connections in memory, a manual clock, and a scripted peer. */

export { allSplits, byteByByte, type Chunking, randomChunking } from "./all-splits.ts";
export { connectedPair, type PairOptions } from "./connected-pair.ts";
export { fakeCertificate } from "./fake-tls.ts";
export { flushPending } from "./flush-pending.ts";
export { type ManualClock, manualClock } from "./manual-clock.ts";
export { type MemoryTransport, type MemoryTransportOptions, memoryTransports } from "./memory-transport.ts";
export { MemoryNatsConnection, type MemoryNatsConnectionOptions } from "./nats/connection.ts";
export { MemoryNats, type MemoryNatsOptions, memoryNats, type NatsFault } from "./nats/memory-nats.ts";
export type { MemoryMessage } from "./nats/message.ts";
export { ScriptMismatch } from "./script-mismatch.ts";
export { ScriptedPeer, type ScriptPart, scriptedPeer } from "./scripted-peer.ts";
