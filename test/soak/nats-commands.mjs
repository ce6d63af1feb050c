/** The commands of the soak over NATS. */
import { command, integer } from "ampwire";

const shape = { arguments: { id: integer(), ms: integer() }, response: { id: integer() } };
export const Once = command("Once", shape);
export const Again = command("Again", { ...shape, idempotent: true });
/** Kills its worker. */
export const Crash = command("Crash", { arguments: { id: integer() }, idempotent: true });
