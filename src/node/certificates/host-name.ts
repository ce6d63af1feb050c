/** Host names as certificates bear them. */
import { domainToASCII } from "node:url";

/**
 * What no name has, and Node's `domainToASCII` passes over in silence, as in a URL: it would take `a.example/b.example`
 * for `a.example`, and somebody who chooses the beginning of a name would have chosen all of it.
 */
const NO_NAME = /[\s/\\?#@:%]/;

/** International names in ASCII. Empty for what is no host name. */
export function hostNameInASCII(name: string): string {
  return NO_NAME.test(name) ? "" : domainToASCII(name);
}
