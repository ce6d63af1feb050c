/** Measures one workload: all its peers side by side, one sample of each in turn. */
import { startPair } from "./pair.mjs";

/** Connections that come and go before idle ones are counted: they fill the caches. */
const IDLE_WARM = 50;
/** A peer is warm after so many calls and so many samples, or when there is little hope left. */
const WARM_CALLS = 50_000;
const WARM_SAMPLES = 4;
const HOPE_SAMPLES = 30;

/**
 * @returns for each peer its samples: the n-th samples of all peers belong together
 */
export async function measure(work, { peers, tls, cores, samples, ms, passes }) {
  const results = peers.map((peer) => ({ peer, samples: [], bytes: undefined }));
  for (let pass = 0; pass < passes; pass++) {
    const pairs = [];
    try {
      for (const peer of peers) pairs.push(await startPair({ peer, work, tls, cores }));
      if (work.program === "idle") await sampleIdle(work, pairs, results);
      else await sampleCalls(pairs, results, samples, ms);
      if (work.program === "calls" && pass === 0) {
        for (const [index, pair] of pairs.entries()) results[index].bytes = await pair.bytesPerCall();
      }
    } finally {
      await Promise.all(pairs.map((pair) => pair.end()));
    }
  }
  return results;
}

async function sampleCalls(pairs, results, samples, ms) {
  await warmUp(pairs, ms);
  for (let round = 0; round < samples; round++) {
    // Forwards, then backwards: nobody always comes after the same neighbour.
    for (let turn = 0; turn < pairs.length; turn++) {
      const index = round % 2 === 0 ? turn : pairs.length - 1 - turn;
      results[index].samples.push(await pairs[index].sample(ms));
    }
  }
}

/**
 * Until the optimising compiler has seen it all, or there is little hope that it will. In turn, not one after the
 * other: a process that is idle for some seconds throws compiled code away.
 */
async function warmUp(pairs, ms) {
  let cold = pairs.map((pair) => ({ pair, calls: 0, samples: 0 }));
  while (cold.length > 0) {
    for (const one of cold) {
      one.calls += (await one.pair.sample(ms)).calls;
      one.samples++;
    }
    cold = cold.filter(({ calls, samples }) => samples < (calls < WARM_CALLS ? HOPE_SAMPLES : WARM_SAMPLES));
  }
}

/** Each in a process that has had no others yet: what a heap once had, it often keeps. */
async function sampleIdle({ connections }, pairs, results) {
  for (const [index, pair] of pairs.entries()) {
    await pair.idleMemory(IDLE_WARM);
    results[index].samples.push(await pair.idleMemory(connections));
  }
}
