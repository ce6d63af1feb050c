/** An error for programs, which the library itself never throws: a program that does not use it does not load it. */
import { AmpError, identify } from "./amp-error.ts";

/** A peer with an incompatible version of the program's own protocol. The library never throws it; programs may declare it. */
export class IncompatibleVersions extends AmpError {
  static {
    identify(this, "IncompatibleVersions", "INCOMPATIBLE_VERSIONS", "peer");
  }
}
