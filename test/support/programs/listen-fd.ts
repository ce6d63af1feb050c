/** Serves `Ping` at an inherited descriptor. */
import { command, locator } from "ampwire";
import { listen } from "ampwire/node";

const [, , given] = process.argv;
await listen({
  fd: given === "systemd" ? given : Number(given),
  locator: locator(command("Ping").responder(() => {})),
});
console.log("listening");
