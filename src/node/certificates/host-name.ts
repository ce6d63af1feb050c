/** Host names in the form that certificates contain. */
import { isIPv6 } from "node:net";
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

/** Returns an IPv6 address without the brackets that it has in a URL, and any other name unchanged. */
export function withoutBrackets(name: string): string {
  const inside = name.startsWith("[") && name.endsWith("]") ? name.slice(1, -1) : name;
  return isIPv6(inside) ? inside : name;
}
