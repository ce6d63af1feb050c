/** GoAway: `close()` first asks the peer to begin no more calls, so that none is lost on its way. */
import { command } from "../command/command.ts";
import { plaintextForbids } from "../connection/admission.ts";
import type { FeatureKind } from "../connection/feature.ts";
import { GO_AWAY } from "../wire/own-commands.ts";

const GoAway = command(GO_AWAY);

/** Not needed by a connection that serves nothing: every call that the peer makes on it fails anyway. */
export const goAway: FeatureKind = {
  beforeClose(kernel, timeout, done) {
    const { calls, introduction, out, peerEnded } = kernel;
    const isKnown = introduction === "seen" || introduction === "known";
    // A codec that calls close() runs while a box is written.
    if (!isKnown || peerEnded || out.busy || plaintextForbids(kernel, GoAway)) return false;
    // The answer comes after all calls of the peer. An error or no answer in time: the connection closes as with other peers.
    calls.callSettling(GoAway, {}, { timeout }, done, done);
    return true;
  },
};
