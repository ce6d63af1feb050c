/** From samples to what is printed and compared. */
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

/** How many times as fast ours is as the other, and how many times its CPU a call ours takes. */
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
