/** Host names in the form that certificates contain. */
import { isIP, isIPv6 } from "node:net";
import { domainToASCII } from "node:url";

/**
 * Characters that no host name contains. Node's `domainToASCII` parses its argument like a URL and silently returns
 * `a.example` for `a.example/b.example`: an attacker that controls the beginning of a name would control all of it.
 */
const INVALID_CHARACTERS = /[\s/\\?#@:%]/;

/** Maximum lengths of a host name and of each of its labels in ASCII (RFC 1035). */
const MAX_NAME = 253;
const MAX_LABEL = 63;

/** Returns an international name in ASCII (punycode), or an empty string for an invalid host name. */
export function hostNameInASCII(name: string): string {
  return INVALID_CHARACTERS.test(name) ? "" : domainToASCII(name);
}

/**
 * Returns a name as certificates contain it: a host name in ASCII without a trailing dot, an IP address without brackets and
 * zone. IPv6 addresses are in hexadecimal, because the X.509 library misreads the form `::ffff:192.0.2.1`.
 * @returns an empty string for an invalid name. A wildcard `*` is not checked
 */
export function normalHostName(name: string): string {
  const given = withoutBrackets(name);
  const value = isIP(given) === 0 ? hostNameInASCII(given).replace(/\.$/, "") : given.replace(/%.*$/, "");
  if (isIPv6(value)) return withoutBrackets(new URL(`http://[${value}]`).hostname);
  const labels = value.split(".");
  const isValid = value.length <= MAX_NAME && labels.every(({ length }) => length > 0 && length <= MAX_LABEL);
  return isValid ? value : "";
}

/**
 * Returns an IPv6 address without the brackets that it has in a URL, and any other value unchanged. A JavaScript program may pass
 * a value of any type.
 */
export function withoutBrackets(name: string): string {
  const isBracketed = typeof name === "string" && name.startsWith("[") && name.endsWith("]");
  const inside = isBracketed ? name.slice(1, -1) : "";
  return isIPv6(inside) ? inside : name;
}
