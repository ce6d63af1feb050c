/** The page: a client that reconnects, calls in both directions, and a declared error. */
import { ConnectFailed, locator } from "ampwire";
import { reconnecting } from "ampwire/websocket";
import { CallBack, Divide, Sum, ZeroDivisionError } from "./commands.ts";

const element = (id) => document.getElementById(id);
const number = (id) => element(id).valueAsNumber;

/** The server calls the page with the same commands. */
const responders = locator(
  Sum.responder(({ a, b }) => {
    note("in", `the server calls Sum(${a}, ${b})`, a + b);
    return { total: a + b };
  }),
);

const client = reconnecting({
  url: `${location.origin.replace("http", "ws")}/amp`,
  locator: responders,
  callTimeout: 60_000,
  backoff: { max: 5_000 },
  onStateChange: show,
});
// The browser reports that the network is back: reconnect at once.
addEventListener("online", () => client.retry());

/** Works without a connection: the client queues the call. */
async function call(name, command, args) {
  const description = `${name}(${Object.values(args).join(", ")})`;
  const line = note("waiting", description, client.state === "connected" ? "…" : "queued");
  try {
    const [answer] = Object.values(await client.callRemote(command, args));
    setOutcome(line, "out", answer);
  } catch (error) {
    const what = error instanceof ZeroDivisionError ? "ZeroDivisionError" : error.name;
    setOutcome(line, "error", `${what}: ${error.message}`);
  }
}

function show({ state, error, delay }) {
  // Show repeated attempts as one wait, so that the page does not flicker.
  const shown = state === "connecting" && error !== undefined ? "waiting" : state;
  document.body.dataset.state = shown;
  if (element("state").textContent !== shown) element("state").textContent = shown;
  element("notice").hidden = shown !== "waiting";
  if (state !== "waiting") return;
  element("wait").animate({ transform: ["scaleX(0)", "scaleX(1)"] }, { duration: delay, fill: "forwards" });
  if (!(error instanceof ConnectFailed)) note("lost", error.name, error.message);
}

function note(kind, what, outcome) {
  const line = document.createElement("li");
  for (const text of [what, ""])
    line.append(Object.assign(document.createElement("span"), { textContent: text }));
  element("log").append(line);
  setOutcome(line, kind, outcome);
  element("calls").scrollTop = element("calls").scrollHeight;
  return line;
}

function setOutcome(line, kind, outcome) {
  line.className = kind;
  line.lastChild.textContent = String(outcome);
}

element("retry").onclick = () => client.retry();
element("sum").onclick = () => call("Sum", Sum, { a: number("a"), b: number("b") });
element("divide").onclick = () =>
  call("Divide", Divide, { numerator: number("a"), denominator: number("b") });
element("callback").onclick = () => call("CallBack", CallBack, { n: 3 });
