/** The servers of a reconnecting client: one address, a list, or those that SRV records name. */
import { checkOptionNames } from "../../core/option-names.ts";
import { type AddressSource, Rotation } from "../../core/reconnecting/rotation.ts";
import type { Clock } from "../../core/transport.ts";
import { shownValue } from "../../core/wire/value-text.ts";
import { SERVER_ADDRESS_OPTIONS, SERVICE_OPTIONS } from "../option-names.ts";
import type { ReconnectingOptions, ServerAddress, ServiceName } from "./options.ts";
import { ServiceRecords } from "./service-records.ts";

/** Options that name servers. They exclude each other, except for those of a single address. */
const WAYS = ["open", "addresses", "srv", "host", "port", "path"] as const;

/** The options without the function that opens connections. */
type ConnectingOptions = Exclude<ReconnectingOptions, { readonly open: unknown }>;

/** Returns the value of an option that only some kinds of options have. */
function optionOf<K extends (typeof WAYS)[number]>(options: ReconnectingOptions, name: K): unknown {
  return Reflect.get(options, name);
}

/** True if the options name servers in another way than with a single address. */
export function hasSeveralServers(options: ReconnectingOptions): boolean {
  return optionOf(options, "addresses") !== undefined || optionOf(options, "srv") !== undefined;
}

/** Checks the options that name the servers. @throws TypeError, RangeError */
export function checkServers(options: ReconnectingOptions): void {
  const given = WAYS.filter((way) => optionOf(options, way) !== undefined);
  const isAlone = given.includes("open") || given.includes("path") || hasSeveralServers(options);
  if (given.length > 1 && isAlone)
    throw new TypeError(
      `reconnecting: the options ${given.join(" and ")} exclude each other: use one of them`,
    );
  if ("addresses" in options && options.addresses !== undefined) checkAddresses(options.addresses);
  if ("srv" in options && options.srv !== undefined) checkService(options.srv);
}

function checkAddresses(addresses: readonly ServerAddress[]): void {
  if (!Array.isArray(addresses) || addresses.length === 0)
    throw new TypeError("addresses must be an array with at least one address");
  for (const [index, address] of addresses.entries()) checkAddress(`addresses[${index}]`, address);
}

function checkAddress(what: string, address: ServerAddress): void {
  checkOptionNames(what, address, SERVER_ADDRESS_OPTIONS);
  const { host, path, port, serverName } = address;
  for (const [name, value] of Object.entries({ host, path, serverName })) {
    if (value !== undefined && (typeof value !== "string" || value === ""))
      throw new TypeError(`${what}: ${name} must be a non-empty text`);
  }
  if ((path === undefined) === (port === undefined))
    throw new TypeError(`${what}: either a port or the path of a UNIX socket is required`);
  if (path !== undefined && host !== undefined)
    throw new TypeError(`${what}: the options path and host exclude each other: use one of them`);
  if (port !== undefined && !(Number.isInteger(port) && port > 0 && port <= 65_535))
    throw new RangeError(`${what}: port must be a whole number from 1 to 65535, not ${shownValue(port)}`);
}

function checkService(srv: string | ServiceName): void {
  const service = typeof srv === "string" ? { name: srv } : srv;
  checkOptionNames("srv", service, SERVICE_OPTIONS);
  const { name, resolver } = service;
  if (typeof name !== "string" || name === "")
    throw new TypeError("srv: the name of the service must be a non-empty text");
  if (resolver !== undefined && typeof resolver.resolveSrv !== "function")
    throw new TypeError("srv: resolver needs a function resolveSrv, as a Resolver of node:dns/promises has");
}

/**
 * Returns the source of the addresses that the options name.
 * @param one the address of a single server
 * @param timeout limit on a look-up in DNS, in milliseconds
 */
export function addressSource(
  options: ConnectingOptions,
  one: ServerAddress,
  clock: Clock,
  timeout: number | undefined,
): AddressSource<ServerAddress> {
  const random = options.backoff?.jitter ?? Math.random;
  if ("srv" in options && options.srv !== undefined)
    return new ServiceRecords(options.srv, random, clock, timeout);
  const list = "addresses" in options && options.addresses !== undefined ? options.addresses : [one];
  return new Rotation(list, random, clock);
}
