/** The part of OpenTelemetry's tracer that tracing.mjs uses. Prints each span when it ends. */
const KINDS = { 1: "server", 2: "client" };

export const consoleTracer = {
  startSpan(name, { kind, attributes }) {
    const begin = performance.now();
    let outcome = "ok";
    return {
      recordException() {},
      setStatus({ message }) {
        outcome = `error: ${message}`;
      },
      end() {
        const milliseconds = (performance.now() - begin).toFixed(0);
        const tls = attributes["amp.tls"] ? "TLS" : "plaintext";
        console.log(`${KINDS[kind]} span ${name}, ${tls}, ${milliseconds} ms, ${outcome}`);
      },
    };
  },
};
