/** The conditions of a run: machine, load and versions. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg, totalmem } from "node:os";

const BENCH_DEPENDENCIES = ["msgpackr", "vscode-jsonrpc", "@grpc/grpc-js"];

/** Records the load of the machine until `lines` is called. */
export function watchConditions({ passes, samples, ms }, python) {
  const began = new Date();
  const loads = [loadavg()[0]];
  const timer = setInterval(() => loads.push(loadavg()[0]), 10_000);
  timer.unref();
  return {
    /** Returns lines of Markdown. */
    lines() {
      clearInterval(timer);
      loads.push(loadavg()[0]);
      const [least, most] = [Math.min(...loads), Math.max(...loads)].map((load) => load.toFixed(1));
      const gibibytes = Math.round(totalmem() / 2 ** 30);
      return [
        `- ${began.toISOString().slice(0, 10)}, ${passes} x ${samples} samples of ${ms} ms for each figure.`,
        `- ${availableParallelism()} cores (${cpus()[0]?.model ?? "unknown"}), ${gibibytes} GiB; Linux load ${least} to ${most} during the run.`,
        `- ${versions(python).join(", ")}.`,
      ].join("\n");
    },
  };
}

function versions(python) {
  const lock = JSON.parse(readFileSync(new URL("../package-lock.json", import.meta.url), "utf8"));
  const twisted = spawnSync(
    python,
    ["-c", "import twisted, sys; print(twisted.__version__, sys.version.split()[0])"],
    {
      encoding: "utf8",
    },
  );
  const [found, itsPython] = twisted.stdout?.split(" ") ?? [];
  return [
    `Node ${process.versions.node}`,
    `OpenSSL ${process.versions.openssl}`,
    ...BENCH_DEPENDENCIES.map((name) => `${name} ${lock.packages[`node_modules/${name}`].version}`),
    ...(twisted.status === 0 ? [`Twisted ${found} on Python ${itsPython.trim()}`] : []),
  ];
}
