/** What runs in the browser: a connection that comes back, calls in both directions, an error of the server's. */
import { locator } from "ampwire";
import { connect } from "ampwire/websocket";
import { CallBack, Divide, Sum, ZeroDivisionError } from "./commands.ts";

const element = (id) => document.getElementById(id);
const number = (id) => element(id).valueAsNumber;
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** The server calls the page by the same commands. */
const responders = locator(
  Sum.responder(({ a, b }) => {
    note("in", `the server asks Sum(${a}, ${b})`, a + b);
    return { total: a + b };
  }),
);

let connection;

async function stayConnected() {
  for (let wait = 100; ; wait = Math.min(2 * wait, 5_000)) {
    try {
      connection = await connect(`${location.origin.replace("http", "ws")}/amp`, { locator: responders });
      wait = 100;
      show("connected");
      const reason = await connection.closed;
      note("lost", reason.name, reason.message);
    } catch {
      // A browser does not say why there is no connection.
    }
    show("reconnecting");
    await pause(wait * (0.5 + Math.random() / 2));
  }
}

async function call(name, command, args) {
  const asked = `${name}(${Object.values(args).join(", ")})`;
  try {
    const [answer] = Object.values(await connection.callRemote(command, args, { timeout: 5_000 }));
    note("out", asked, answer);
  } catch (error) {
    const what = error instanceof ZeroDivisionError ? "ZeroDivisionError" : error.name;
    note("error", asked, `${what}: ${error.message}`);
  }
}

function show(state) {
  document.body.dataset.state = state;
  element("state").textContent = state;
  for (const button of document.querySelectorAll("button")) button.disabled = state !== "connected";
}

function note(kind, what, outcome) {
  const line = document.createElement("li");
  line.className = kind;
  for (const text of [what, String(outcome)]) {
    line.append(Object.assign(document.createElement("span"), { textContent: text }));
  }
  element("log").append(line);
  line.scrollIntoView({ block: "nearest" });
}

element("sum").onclick = () => call("Sum", Sum, { a: number("a"), b: number("b") });
element("divide").onclick = () =>
  call("Divide", Divide, { numerator: number("a"), denominator: number("b") });
element("callback").onclick = () => call("CallBack", CallBack, { n: 3 });

show("connecting");
stayConnected();
