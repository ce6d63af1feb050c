/** What runs in the browser: a connection that is kept up, calls in both directions, an error of the server's. */
import { ConnectFailed, locator } from "ampwire";
import { reconnecting } from "ampwire/websocket";
import { CallBack, Divide, Sum, ZeroDivisionError } from "./commands.ts";

const element = (id) => document.getElementById(id);
const number = (id) => element(id).valueAsNumber;

/** The server calls the page by the same commands. */
const responders = locator(
  Sum.responder(({ a, b }) => {
    note("in", `the server asks Sum(${a}, ${b})`, a + b);
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
// A browser knows when the network is back: no need to wait any longer.
addEventListener("online", () => client.retry());

/** It needs no connection: the call waits for one. */
async function call(name, command, args) {
  const asked = `${name}(${Object.values(args).join(", ")})`;
  const line = note("waiting", asked, client.state === "connected" ? "…" : "waits");
  try {
    const [answer] = Object.values(await client.callRemote(command, args));
    tell(line, "out", answer);
  } catch (error) {
    const what = error instanceof ZeroDivisionError ? "ZeroDivisionError" : error.name;
    tell(line, "error", `${what}: ${error.message}`);
  }
}

function show({ state, error, delay }) {
  // Told calmly: an attempt that follows another belongs to the wait.
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
  tell(line, kind, outcome);
  element("calls").scrollTop = element("calls").scrollHeight;
  return line;
}

function tell(line, kind, outcome) {
  line.className = kind;
  line.lastChild.textContent = String(outcome);
}

element("retry").onclick = () => client.retry();
element("sum").onclick = () => call("Sum", Sum, { a: number("a"), b: number("b") });
element("divide").onclick = () =>
  call("Divide", Divide, { numerator: number("a"), denominator: number("b") });
element("callback").onclick = () => call("CallBack", CallBack, { n: 3 });
