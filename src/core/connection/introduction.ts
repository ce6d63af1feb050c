/**
 * How the two ends learn that both know the library's own commands (`ampwire.*`): see SPEC.md.
 *
 * Other implementations of AMP may not answer an unknown command, or stop at one. So the accepting end shows a key in its
 * first answer, which all of them ignore. The opening end shows it in its next ask, but only to a peer that has shown it.
 */
import type { Transport } from "../transport.ts";
import type { ConnectionOptions } from "./options.ts";

/** State of the introduction since the last upgrade. */
export type Introduction =
  /** The option `extensions` is false, or the boxes belong to a receiver: nothing is shown or looked for. */
  | "off"
  /** Accepting end: the next answer shows the key. */
  | "unshown"
  /** Accepting end: looks for the key in the peer's asks. */
  | "shown"
  /** Opening end: looks for the key in the peer's answers. */
  | "looking"
  /** Opening end: the peer knows the commands. The next ask shows the key. */
  | "seen"
  /** Both ends know the commands. */
  | "known";

/** The introduction at the beginning of a connection, and again for each upgrade: plaintext may come from an attacker. */
export function newIntroduction(
  { extensions, receiver }: Pick<ConnectionOptions, "extensions" | "receiver">,
  { tlsRole }: Transport,
): Introduction {
  if (extensions === false || receiver !== undefined) return "off";
  return tlsRole === "server" ? "unshown" : "looking";
}
