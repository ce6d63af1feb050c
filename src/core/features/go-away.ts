/** GoAway: `close()` first asks the peer to begin no more calls, so that none is lost on its way. */
import { command } from "../command/command.ts";
import { plaintextForbids } from "../connection/admission.ts";
import type { FeatureKind, Kernel } from "../connection/feature.ts";
import { GO_AWAY } from "../wire/own-commands.ts";

const GoAway = command(GO_AWAY);

/** Not needed by a connection that serves nothing: every call that the peer makes on it fails anyway. */
export const goAway: FeatureKind = {
  beforeClose(kernel, timeout, done) {
    const { calls, out } = kernel;
    // A codec that calls close() runs while a box is written.
    if (!knowsGoAway(kernel) || out.busy) return false;
    // The answer comes after all calls of the peer. An error or no answer in time: the connection closes as with other peers.
    calls.callSettling(GoAway, {}, { timeout }, done, done);
    return true;
  },
};

/** True if the peer may be asked GoAway: it has shown that it knows the command, since the last upgrade, and can answer. */
export function knowsGoAway(kernel: Kernel): boolean {
  const { introduction, peerEnded } = kernel;
  return (
    (introduction === "seen" || introduction === "known") && !peerEnded && !plaintextForbids(kernel, GoAway)
  );
}
