/** Creates spans from AMP calls. */
import { subscribe, unsubscribe } from "node:diagnostics_channel";

/** OpenTelemetry's values of SpanKind (here) and SpanStatusCode (below). */
const KINDS = { incoming: 1, outgoing: 2 };
const ERROR = 2;

/**
 * Creates a span for each call of this process. Returns a function that stops this.
 * @param tracer OpenTelemetry's `trace.getTracer("ampwire")`, or an object with the same method `startSpan`
 */
export function traceCalls(tracer) {
  const spans = new WeakMap();
  const listeners = {
    "ampwire:call:start"(call) {
      const attributes = {
        "rpc.system": "amp",
        "rpc.method": call.command,
        "amp.tls": call.connection.secure,
      };
      spans.set(call, tracer.startSpan(`AMP ${call.command}`, { kind: KINDS[call.direction], attributes }));
    },
    "ampwire:call:answer"({ call }) {
      spans.get(call)?.end();
    },
    "ampwire:call:error"({ call, error }) {
      const span = spans.get(call);
      span?.recordException(error);
      span?.setStatus({ code: ERROR, message: error.message });
      span?.end();
    },
  };
  for (const [channel, listener] of Object.entries(listeners)) subscribe(channel, listener);
  return () => {
    for (const [channel, listener] of Object.entries(listeners)) unsubscribe(channel, listener);
  };
}
