/** ampwire as its users use it: typed calls, promises, every check and limit as it comes. */
import { requestOf } from "../workloads/request.mjs";

/** @param setup `dist`: the build to measure, as a URL; `options.responders`: `sync` or `async` */
async function load({ dist }) {
  const core = await import(new URL("index.js", dist));
  const node = await import(new URL("node/index.js", dist));
  return { ...core, ...node };
}

function commands({ command, integer, bytes, ...core }, { fields = [] }) {
  const same = typesOf(fields, { integer, bytes, ...core });
  return {
    sum: command("Sum", { arguments: { a: integer(), b: integer() }, response: { total: integer() } }),
    echo: command("Echo", { arguments: { data: bytes() }, response: { data: bytes() } }),
    same: command("Same", { arguments: same, response: same }),
  };
}

function typesOf(fields, core) {
  const types = {
    integers: () => core.listOf(core.integer()),
    rows: ({ of }) => core.ampList(typesOf(of, core)),
  };
  return Object.fromEntries(
    fields.map((field) => [field.name, types[field.type]?.(field) ?? core[field.type]()]),
  );
}

function respondersOf({ sum, echo, same }, { locator }, kind) {
  if (kind === "async") {
    return locator(
      sum.responder(async ({ a, b }) => ({ total: a + b })),
      echo.responder(async ({ data }) => ({ data })),
      same.responder(async (args) => args),
    );
  }
  return locator(
    sum.responder(({ a, b }) => ({ total: a + b })),
    echo.responder(({ data }) => ({ data })),
    same.responder((args) => args),
  );
}

export async function serve(setup) {
  const { tls, work, options } = setup;
  const { listen, PrivateCertificate, ...core } = await load(setup);
  const server = await listen({
    port: 0,
    host: "127.0.0.1",
    backlog: 1024,
    locator: respondersOf(commands(core, work), core, options.responders),
    tls: tls && { localCertificate: PrivateCertificate.loadPEM(tls.cert, tls.key) },
  });
  return { port: server.address().port };
}

let loaded;
let authority;

export async function open({ port, tls, work, dist }) {
  loaded ??= await load({ dist });
  const { connect, Certificate } = loaded;
  const connection = await connect({ port, host: "127.0.0.1" });
  if (tls) {
    authority ??= Certificate.loadPEM(tls.cert);
    await connection.startTLS({ verifyAuthorities: [authority] });
  }
  return { call: caller(connection, work), close: () => connection.close() };
}

let made;

function caller(connection, work) {
  made ??= commands(loaded, work);
  const { method, args } = requestOf(work);
  const command = made[method];
  return () => connection.callRemote(command, args);
}
