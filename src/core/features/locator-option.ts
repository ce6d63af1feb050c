/** Check of the option `locator`, for the entry points that serve. */
import type { FeatureKind } from "../connection/feature.ts";
import { anotherCopy, RESPONDER_BRAND, SEAM } from "../errors/brand.ts";
import { InvalidSignature } from "../errors/caller.ts";
import type { ResponderLocator } from "../serving/locator.ts";
import { shownValue } from "../wire/value-text.ts";

export const locatorOption: FeatureKind<{ readonly locator?: ResponderLocator | undefined }> = {
  /** @throws InvalidSignature for a value that is not a locator, which a JavaScript program may pass */
  check({ locator }) {
    if (locator !== undefined && typeof locator.locateResponder !== "function") {
      throw new InvalidSignature(
        `the option locator must be made by locator(...), or have the method locateResponder, not ${shownValue(locator)}`,
      );
    }
    const copy = locator && Reflect.get(locator, RESPONDER_BRAND);
    if (copy !== undefined && copy !== SEAM) throw new InvalidSignature(anotherCopy("the option locator"));
  },
};
