/** Starts a proxy in this process, and collects its traffic. */
import { setTimeout as delay } from "node:timers/promises";
import { onTestFinished } from "vitest";
import type { SocketAddress } from "../../src/cli/net/address.ts";
import { type ProxyOptions, type RunningProxy, startProxy } from "../../src/cli/proxy/server.ts";
import type { Traffic } from "../../src/cli/traffic/traffic.ts";

export interface WatchedProxy {
  readonly port: number;
  readonly proxy: RunningProxy;
  /** Events of the first connection, in order. */
  readonly traffic: Traffic[];
  /** Resolves with the first event that `fits`. */
  until(fits: (traffic: Traffic) => boolean): Promise<Traffic>;
  /** Returns the events as text, for example `client asks Sum`, `server answers Sum`, `secured`. */
  summary(): string[];
}

export async function watchedProxy(
  to: SocketAddress,
  options: Partial<ProxyOptions> = {},
): Promise<WatchedProxy> {
  const traffic: Traffic[] = [];
  let wake = () => {};
  const proxy = await startProxy({
    listen: { host: "127.0.0.1", port: 0 },
    to,
    ...options,
    onTraffic(connection, one) {
      if (connection === 1) traffic.push(one);
      options.onTraffic?.(connection, one);
      wake();
    },
  });
  onTestFinished(() => proxy.close());
  if (!("port" in proxy.address)) throw new Error("the proxy must listen on a port");
  return {
    port: proxy.address.port,
    proxy,
    traffic,
    async until(fits) {
      for (;;) {
        const found = traffic.find(fits);
        if (found !== undefined) return found;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    summary: () => traffic.map(summaryOf),
  };
}

/** Resolves when no traffic has passed for 100 ms. */
export async function quietly({ traffic }: WatchedProxy): Promise<void> {
  for (let before = -1; before < traffic.length; ) {
    before = traffic.length;
    await delay(100);
  }
}

function summaryOf(traffic: Traffic): string {
  if (traffic.kind === "raw") return `${traffic.from} raw ${Buffer.from(traffic.bytes).toString("latin1")}`;
  if (traffic.kind === "ended") return `${traffic.from} ended`;
  if (traffic.kind !== "box") return traffic.kind;
  const { from, secure, meaning } = traffic;
  const where = secure ? " in TLS" : "";
  if (meaning.kind === "stray") return `${from} stray${where}`;
  if (meaning.kind === "ask") return `${from} asks ${meaning.name}${where}`;
  return `${from} ${meaning.kind}s ${meaning.ask?.name}${where}`;
}
