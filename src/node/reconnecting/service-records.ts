/** Addresses from DNS SRV records, in the order of RFC 2782. */
import { Resolver } from "node:dns/promises";
import { messageOf } from "../../core/errors/to-error.ts";
import { ConnectFailed } from "../../core/errors/transport.ts";
import { type AddressSource, RecentFailures, shuffle } from "../../core/reconnecting/rotation.ts";
import { limitTime } from "../../core/time-limit.ts";
import type { Clock } from "../../core/transport.ts";
import type { ServerAddress, ServiceName, ServiceResolver } from "./options.ts";

type ServiceRecord = Awaited<ReturnType<ServiceResolver["resolveSrv"]>>[number];

/** Codes of `node:dns` for an answer that says that there are no records. */
const NO_RECORDS = ["ENOTFOUND", "ENODATA"];

export class ServiceRecords implements AddressSource<ServerAddress> {
  readonly #name: string;
  readonly #resolver: ServiceResolver;
  /** Cancels the look-up, so that it does not keep the process running. A resolver of the program may have other look-ups. */
  readonly #cancel: () => void;
  readonly #random: () => number;
  readonly #clock: Clock;
  readonly #timeout: number | undefined;
  readonly #failures: RecentFailures<ServerAddress>;
  /** One object for each server, so that its failures are found after the next look-up. */
  #addresses = new Map<string, ServerAddress>();
  #records: readonly ServiceRecord[] | undefined;
  #last: ServerAddress | undefined;

  /** @param timeout limit on a look-up, in milliseconds */
  constructor(srv: string | ServiceName, random: () => number, clock: Clock, timeout: number | undefined) {
    const { name, resolver }: ServiceName = typeof srv === "string" ? { name: srv } : srv;
    const own = new Resolver();
    this.#name = name;
    this.#resolver = resolver ?? own;
    this.#cancel = () => own.cancel();
    this.#random = random;
    this.#clock = clock;
    this.#timeout = timeout;
    this.#failures = new RecentFailures(clock);
  }

  async order(signal: AbortSignal): Promise<readonly ServerAddress[]> {
    const records = await this.#lookUp(signal);
    const known = this.#addresses;
    this.#addresses = new Map();
    const priorities = [...new Set(records.map(({ priority }) => priority))].sort((a, b) => a - b);
    return priorities.flatMap((priority) => {
      const group = records.filter((record) => record.priority === priority);
      const drawn = inWeightedOrder(group, this.#random).map((record) => this.#addressOf(record, known));
      // The last one comes last: the connection to it has failed or has just ended. A server may have several records.
      const servers = new Set([...drawn.filter((one) => one !== this.#last), ...drawn]);
      return this.#failures.last([...servers]);
    });
  }

  #addressOf({ name: host, port }: ServiceRecord, known: ReadonlyMap<string, ServerAddress>): ServerAddress {
    const key = `${host.toLowerCase()} ${port}`;
    // Certificates have names without the dot at the end.
    const address = this.#addresses.get(key) ?? known.get(key) ?? { host: host.replace(/\.$/, ""), port };
    this.#addresses.set(key, address);
    return address;
  }

  tried(address: ServerAddress): void {
    this.#last = address;
    this.#failures.add(address);
  }

  succeeded(address: ServerAddress): void {
    this.#failures.delete(address);
  }

  /** If DNS fails for a time, the last records are used. @throws ConnectFailed */
  async #lookUp(signal: AbortSignal): Promise<readonly ServiceRecord[]> {
    try {
      const records = (await this.#resolve(signal)).filter(isServer);
      if (records.length === 0)
        throw new ConnectFailed(`the service ${this.#name} has no server, according to its SRV records`);
      this.#records = records;
      return records;
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      const isFinal = error instanceof ConnectFailed || NO_RECORDS.includes(codeOf(error));
      if (this.#records !== undefined && !isFinal) return this.#records;
      if (error instanceof ConnectFailed) throw error;
      throw new ConnectFailed(`cannot look up the SRV records of ${this.#name}: ${messageOf(error)}`, {
        cause: error,
      });
    }
  }

  #resolve(signal: AbortSignal): Promise<readonly ServiceRecord[]> {
    return new Promise((resolve, reject) => {
      const release = limitTime(this.#clock, { timeout: this.#timeout, signal }, () => {
        reject(new Error(`no answer within ${this.#timeout} ms`));
        this.#cancel();
      });
      // A resolver of the program may throw.
      const found = Promise.resolve().then(() => this.#resolver.resolveSrv(this.#name));
      found.then(resolve, reject).finally(release);
    });
  }
}

/**
 * Returns true for a record of a server. The target `.` means that there is none (RFC 2782), and nothing listens at port 0. An
 * invalid record of a resolver of the program must not end the client, as an invalid address in its options does.
 */
function isServer({ name, port }: ServiceRecord): boolean {
  return (
    typeof name === "string" &&
    name !== "" &&
    name !== "." &&
    Number.isInteger(port) &&
    port > 0 &&
    port <= 65_535
  );
}

/** Returns records of one priority in a random order: the chance to come first is in proportion to the weight (RFC 2782). */
function inWeightedOrder(records: readonly ServiceRecord[], random: () => number): ServiceRecord[] {
  const shuffled = [...records];
  shuffle(shuffled, random); // records without weights are equal
  // Records of weight 0 go first: among others they are chosen only if the random number is 0.
  const left = shuffled.filter(({ weight }) => weight === 0);
  left.push(...shuffled.filter(({ weight }) => weight !== 0));
  const ordered: ServiceRecord[] = [];
  while (left.length > 0) {
    const total = left.reduce((sum, { weight }) => sum + weight, 0);
    const chosen = Math.min(total, Math.floor(random() * (total + 1)));
    let index = 0;
    for (let sum = weightAt(left, 0); sum < chosen; sum += weightAt(left, index)) index++;
    ordered.push(...left.splice(index, 1));
  }
  return ordered;
}

/** Returns the weight of a record. Past the end, which only an invalid weight reaches, it ends the search. */
function weightAt(records: readonly ServiceRecord[], index: number): number {
  return records[index]?.weight ?? Number.POSITIVE_INFINITY;
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
