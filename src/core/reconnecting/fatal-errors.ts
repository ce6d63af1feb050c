/** Errors caused by the options of a client. The next attempt would fail in the same way, so they are fatal. */
import { checkOptionTypes } from "../option-types.ts";
import type { ConnectionOpener, Reconnectable, ReconnectingBaseOptions } from "./options.ts";

type Open<C extends Reconnectable> = ConnectionOpener<C>["open"];
type IsFatalError = NonNullable<ReconnectingBaseOptions<Reconnectable>["isFatalError"]>;

/**
 * Returns `open` together with an `isFatalError` that is also true for errors of `open` itself.
 * @param isOptionsError returns true for an error of `open` that the options have caused
 * @param isFatalError the function of the user
 * @throws TypeError for an `isFatalError` that is not a function
 */
export function withFatalOptionsErrors<C extends Reconnectable>(
  open: Open<C>,
  isOptionsError: (error: unknown) => boolean,
  isFatalError: IsFatalError | undefined,
): { readonly open: Open<C>; readonly isFatalError: IsFatalError } {
  checkOptionTypes("reconnecting", { isFatalError }, { isFatalError: "function" });
  let fatal: unknown;
  return {
    async open(signal) {
      try {
        return await open(signal);
      } catch (error) {
        if (isOptionsError(error)) fatal = error;
        throw error;
      }
    },
    isFatalError: (error) => error === fatal || (isFatalError?.(error) ?? false),
  };
}
