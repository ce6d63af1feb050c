/** Calculates the figures that are printed and compared from samples. */
import { median, pairedRatio, spread } from "../measure/statistics.mjs";

export function figuresOf({ samples, bytes }) {
  const of = (name) => median(samples.map((sample) => sample[name]));
  const has = (name) => samples[0]?.[name] !== undefined;
  return {
    ...Object.fromEntries(Object.keys(samples[0] ?? {}).map((name) => [name, of(name)])),
    ...(has("rate") ? { spread: spread(samples.map(({ rate }) => rate)) } : {}),
    ...(bytes === undefined ? {} : { bytes }),
  };
}

/** Returns rate and CPU of a call of one result as multiples of those of another. */
export function ratiosOf(ours, other) {
  const each = (result, figure) => result.samples.map(figure);
  const cpu = ({ clientCpu, serverCpu }) => clientCpu + serverCpu;
  return {
    rate: pairedRatio(
      each(ours, ({ rate }) => rate),
      each(other, ({ rate }) => rate),
    ),
    cpu: pairedRatio(each(ours, cpu), each(other, cpu)),
  };
}
