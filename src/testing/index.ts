/** For tests of programs that speak AMP: no socket, no waiting, no encryption. */

export { byteByByte, type Chunking, chunkings, randomChunking } from "./chunkings.ts";
export { connectedPair, type PairOptions } from "./connected-pair.ts";
export { type ManualClock, manualClock } from "./manual-clock.ts";
export { type MemoryTransport, type MemoryTransportOptions, memoryTransports } from "./memory-transport.ts";
export { pretendedCertificate } from "./pretended-tls.ts";
export { quiet } from "./quiet.ts";
export { ScriptMismatch } from "./script-mismatch.ts";
export { ScriptedPeer, type ScriptPart, scriptedPeer } from "./scripted-peer.ts";
