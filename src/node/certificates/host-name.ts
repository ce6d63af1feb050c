/** Host names in the form that certificates contain. */
import { domainToASCII } from "node:url";

/**
 * Characters that no host name contains. Node's `domainToASCII` parses its argument like a URL and silently returns
 * `a.example` for `a.example/b.example`: an attacker that controls the beginning of a name would control all of it.
 */
const INVALID_CHARACTERS = /[\s/\\?#@:%]/;

/** Returns an international name in ASCII (punycode), or an empty string for an invalid host name. */
export function hostNameInASCII(name: string): string {
  return INVALID_CHARACTERS.test(name) ? "" : domainToASCII(name);
}
