/** Parses `nats://[USER:PASSWORD@]HOST[:PORT][/SERVICE]`. */
import { checkInboxPrefix } from "../../nats/subjects.ts";
import { UsageError } from "../cli-error.ts";

export interface NatsAddress {
  /** `HOST:PORT`. */
  readonly server: string;
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly service: string | undefined;
  /** The address without the password. */
  readonly shown: string;
}

const DEFAULT_PORT = 4222;
const HINT = "use nats://HOST:PORT/SERVICE";
const SERVICE = /^[\w-]{1,128}$/;

/** @throws UsageError for an invalid escape, without the text: it may be a password */
function decoded(text: string): string | undefined {
  try {
    return text === "" ? undefined : decodeURIComponent(text);
  } catch {
    throw new UsageError(
      "the user or the password of the NATS server has an invalid escape",
      "write % as %25 in an address",
    );
  }
}

/** Checks the option `--inbox` before there is a connection. @throws UsageError */
export function checkInbox(prefix: string | undefined): void {
  try {
    if (prefix !== undefined) checkInboxPrefix(prefix);
  } catch {
    throw new UsageError(`--inbox ${JSON.stringify(prefix)} must be a NATS subject without wildcards`);
  }
}

/** Checks the name of a service. @throws UsageError */
export function checkServiceName(service: string): void {
  if (!SERVICE.test(service))
    throw new UsageError(`the service ${JSON.stringify(service)} must be letters, digits, - and _`);
}

export function isNatsAddress(text: string): boolean {
  return text.startsWith("nats:");
}

/** @throws UsageError */
export function parseNatsAddress(text: string): NatsAddress {
  let url: URL;
  try {
    // URL parses the host only of the schemes that it knows.
    url = new URL(text.replace(/^nats:/, "http:"));
  } catch {
    throw new UsageError(`${JSON.stringify(text)} is not the address of a NATS server`, HINT);
  }
  const service = url.pathname.replace(/^\/|\/$/g, "");
  if (!text.startsWith("nats://") || url.search !== "" || url.hash !== "")
    throw new UsageError(`${JSON.stringify(text)} is not the address of a NATS server`, HINT);
  if (service !== "" && !SERVICE.test(service))
    throw new UsageError(`the service ${JSON.stringify(service)} must be letters, digits, - and _`, HINT);
  const port = url.port === "" ? (/:80(\/|$)/.test(text) ? 80 : DEFAULT_PORT) : Number(url.port);
  const server = `${url.hostname}:${port}`;
  return {
    server,
    user: decoded(url.username),
    password: decoded(url.password),
    service: service === "" ? undefined : service,
    shown: `nats://${server}${service === "" ? "" : `/${service}`}`,
  };
}
