/** Measures all peers of one workload together, one sample of each in turn. */
import { startPair } from "./pair.mjs";

/** Connections opened and closed before the measurement of idle ones, to fill caches. */
const IDLE_WARM = 50;
/** A peer is warm after this number of calls and of samples, or after the maximum number of samples. */
const WARM_CALLS = 50_000;
const WARM_SAMPLES = 4;
const MAX_WARM_SAMPLES = 30;

/**
 * @returns the samples of each peer: the n-th samples of all peers were taken in the same turn
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
    // Forwards, then backwards, so that a peer does not always run after the same neighbour.
    for (let turn = 0; turn < pairs.length; turn++) {
      const index = round % 2 === 0 ? turn : pairs.length - 1 - turn;
      results[index].samples.push(await pairs[index].sample(ms));
    }
  }
}

/**
 * Lets all peers call until their code is optimised. They take turns, because V8 discards the compiled code of a process
 * that idles for some seconds.
 */
async function warmUp(pairs, ms) {
  let cold = pairs.map((pair) => ({ pair, calls: 0, samples: 0 }));
  while (cold.length > 0) {
    for (const one of cold) {
      one.calls += (await one.pair.sample(ms)).calls;
      one.samples++;
    }
    cold = cold.filter(
      ({ calls, samples }) => samples < (calls < WARM_CALLS ? MAX_WARM_SAMPLES : WARM_SAMPLES),
    );
  }
}

/** Takes one sample of each new process: a heap that was larger before often stays larger. */
async function sampleIdle({ connections }, pairs, results) {
  for (const [index, pair] of pairs.entries()) {
    await pair.idleMemory(IDLE_WARM);
    results[index].samples.push(await pair.idleMemory(connections));
  }
}
