/** Subjects of NATS: see the table in SPEC.md. */
import { InvalidSignature } from "../core/errors/caller.ts";
import { utf8Encoder } from "../core/platform.ts";
import { textToKey } from "../core/wire/key-text.ts";
import { shownValue } from "../core/wire/value-text.ts";

/** Characters of a token that need no encoding. */
const PLAIN = /^[\w-]+$/;
/** A service name is also the name of a queue group, and the name of the service for `nats micro`. */
const SERVICE = /^[\w-]{1,128}$/;
const ADDRESS = /^([\w-]{1,128})\.([\w-]{1,64}\.[\w-]{1,64})$/;
const CLIENT = /^[\w-]{1,64}\.[\w-]{1,64}$/;
/** The server closes a connection whose protocol line is longer than 4 KiB. A subject is one part of the line. */
const MAX_TOKEN = 1024;

/**
 * Returns a name as one token of a subject: letters, digits, `-` and `_` as they are, every other byte as `%` and two
 * upper-case hexadecimal digits.
 * @throws InvalidSignature if the token is empty or over 1,024 characters
 */
export function tokenOf(name: string): string {
  if (PLAIN.test(name) && name.length <= MAX_TOKEN) return name;
  let token = "";
  for (const byte of textToKey(name)) {
    const character = String.fromCharCode(byte);
    token += PLAIN.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  if (token === "" || token.length > MAX_TOKEN)
    throw new InvalidSignature(
      `${shownValue(name)} cannot be part of a NATS subject: it has ${token.length} characters, 1 to ${MAX_TOKEN} are allowed`,
    );
  return token;
}

/** Subjects of a service that have a meaning, after its name. */
const MEANINGS = /^(?:call|edge|worker|client|join|gone|event)\./;

/**
 * Returns why nothing may be published to a reply subject, or undefined. The server lets a callee publish to any subject that an
 * ask names, so that a program could act with the permissions of the callee: on subjects of this library, and on those of NATS
 * itself, such as `$JS.API`.
 */
export function replyProblem(service: string, reply: string | undefined): string | undefined {
  if (reply === undefined || (!reply.startsWith("$") && !isOwn(service, reply))) return undefined;
  return `nothing is published to the reply subject ${shownValue(reply)}, which is not that of an inbox`;
}

function isOwn(service: string, subject: string): boolean {
  return subject.startsWith(`${service}.`) && MEANINGS.test(subject.slice(service.length + 1));
}

/** Returns the last token of a subject. */
export function lastToken(subject: string): string {
  return subject.slice(subject.lastIndexOf(".") + 1);
}

/** Returns the last two tokens of a subject: the id of an edge, and that of a client at it. */
export function clientIn(subject: string): string {
  return subject.slice(subject.lastIndexOf(".", subject.lastIndexOf(".") - 1) + 1);
}

/** Checks the name of a service. @throws InvalidSignature */
export function checkService(what: string, service: unknown): string {
  if (typeof service !== "string" || !SERVICE.test(service))
    throw new InvalidSignature(
      `${what}: the option service must be 1 to 128 letters, digits, - and _, not ${shownValue(service)}`,
    );
  return service;
}

/** True for the header that names a client: `EDGE.ID`. */
export function isClient(value: string): boolean {
  return CLIENT.test(value);
}

/** Splits the address of a client, `SERVICE.EDGE.ID`. @throws InvalidSignature */
export function parseAddress(address: unknown): { readonly service: string; readonly client: string } {
  const [, service, client] = (typeof address === "string" && ADDRESS.exec(address)) || [];
  if (service === undefined || client === undefined)
    throw new InvalidSignature(
      `clientAt: the address must be that of context.connection.address, not ${shownValue(address)}`,
    );
  return { service, client };
}

/** Checks the prefix of inbox subjects. @throws InvalidSignature */
export function checkInboxPrefix(prefix: unknown): string {
  if (typeof prefix !== "string" || !/^[^\s.*>]+(\.[^\s.*>]+)*$/.test(prefix) || prefix.length > MAX_TOKEN)
    throw new InvalidSignature(
      `the option inboxPrefix must be a NATS subject without wildcards, not ${shownValue(prefix)}`,
    );
  return prefix;
}

/** Returns the number of bytes of a header value. */
export function bytesOf(text: string): number {
  return utf8Encoder.encode(text).length;
}
