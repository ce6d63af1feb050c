/** Parses `nats://[USER:PASSWORD@]HOST[:PORT][/SERVICE]`. */
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

export function isNatsAddress(text: string): boolean {
  return /^nats:/i.test(text);
}

/** @throws UsageError */
export function parseNatsAddress(text: string): NatsAddress {
  let url: URL;
  try {
    // URL parses the host only of the schemes that it knows.
    url = new URL(text.replace(/^nats:/i, "http:"));
  } catch {
    throw invalidAddress(text);
  }
  const service = url.pathname.replace(/^\/|\/$/g, "");
  if (!/^nats:\/\//i.test(text) || url.search !== "" || url.hash !== "") throw invalidAddress(text);
  if (service !== "") checkService(service);
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

/** @throws UsageError */
export function checkService(service: string): void {
  if (SERVICE.test(service)) return;
  throw new UsageError(
    `the service ${JSON.stringify(service)} must be letters, digits, - and _, 128 at most`,
    "NATS uses the name in subjects",
  );
}

/** @returns undefined for an empty text. @throws UsageError for a percent sign without two hexadecimal digits */
function decoded(part: string): string | undefined {
  if (part === "") return undefined;
  try {
    return decodeURIComponent(part);
  } catch (cause) {
    throw new UsageError(
      "the user or the password in the address of the NATS server is malformed",
      "write % as %25",
      {
        cause,
      },
    );
  }
}

/** The message does not contain the password: it may get into a log. */
function invalidAddress(text: string): UsageError {
  const shown = text.replace(/^([^/]*\/\/[^/@:]*):.*@/s, "$1:...@");
  return new UsageError(`${JSON.stringify(shown)} is not the address of a NATS server`, HINT);
}
