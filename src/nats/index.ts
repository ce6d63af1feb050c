/** AMP over NATS: workers that share calls, edges for AMP clients, and topics. */

export type { QueueLimits } from "../core/reconnecting/options.ts";
export { type CallerOptions, type ClientAtOptions, caller, clientAt } from "./call-service.ts";
export type { NatsCaller } from "./caller.ts";
export { edge, type NatsEdge } from "./edge.ts";
export type { ClientToIdentify, EdgeConnection, Identify } from "./edge-client.ts";
export type { EdgeOptions } from "./edge-options.ts";
export { NoResponders } from "./errors.ts";
export type {
  NatsConnectionLike,
  NatsHeaders,
  NatsMessage,
  NatsPublishOptions,
  NatsStatus,
  NatsSubscription,
} from "./nats-connection.ts";
export type { NatsCallOptions, NatsOptions } from "./options.ts";
export { type NatsPeer, natsPeer } from "./peer.ts";
export { serve } from "./serve.ts";
export type { ServeOptions } from "./serve-options.ts";
export {
  type SubscribeOptions,
  subscribe,
  type TopicOptions,
  type TopicSubscription,
  topic,
} from "./topic.ts";
export type { NatsWorker } from "./worker.ts";
