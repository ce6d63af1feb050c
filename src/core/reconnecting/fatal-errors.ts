/** Attempts that fail by what the client was made with: the next one would fail in the same way. */
import type { BaseConnection as Connection } from "../connection/connection.ts";
import type { ConnectionOpener, ReconnectingBaseOptions } from "./options.ts";

type Way<C extends Connection> = ConnectionOpener<C>["open"];
type GiveUpOn<C extends Connection> = NonNullable<ReconnectingBaseOptions<C>["isFatalError"]>;

/**
 * A way to open connections, and when to give it up: on what `refuses` says, where the way itself has failed with it, and
 * on what the user says.
 */
export function givingUpOnRefusals<C extends Connection>(
  open: Way<C>,
  refuses: (error: unknown) => boolean,
  isFatalError: GiveUpOn<C> | undefined,
): { readonly open: Way<C>; readonly isFatalError: GiveUpOn<C> } {
  let refused: unknown;
  return {
    async open(signal) {
      try {
        return await open(signal);
      } catch (error) {
        if (refuses(error)) refused = error;
        throw error;
      }
    },
    isFatalError: (error) => error === refused || (isFatalError?.(error) ?? false),
  };
}
