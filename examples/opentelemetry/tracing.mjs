/** AMP calls as spans. `tracer` is what OpenTelemetry's `trace.getTracer("ampwire")` gives, or anything alike. */
import { subscribe, unsubscribe } from "node:diagnostics_channel";

/** OpenTelemetry's numbers: SpanKind and SpanStatusCode. */
const KINDS = { incoming: 1, outgoing: 2 };
const ERROR = 2;

/** From now on every call of this process is a span. Returns what ends that. */
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
