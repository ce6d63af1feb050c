/** ampwire as its users use it: typed calls, promises, every check and limit as it comes. */

/** @param setup `dist`: the build to measure, as a URL; `options.responders`: `sync` or `async` */
async function load({ dist }) {
  const core = await import(new URL("index.js", dist));
  const node = await import(new URL("node/index.js", dist));
  return { ...core, ...node };
}

function commands({ command, integer, bytes }) {
  return {
    sum: command("Sum", { arguments: { a: integer(), b: integer() }, response: { total: integer() } }),
    echo: command("Echo", { arguments: { data: bytes() }, response: { data: bytes() } }),
  };
}

export async function serve(setup) {
  const { tls, options } = setup;
  const { listen, locator, PrivateCertificate, ...core } = await load(setup);
  const { sum, echo } = commands(core);
  const responders =
    options.responders === "async"
      ? locator(
          sum.responder(async ({ a, b }) => ({ total: a + b })),
          echo.responder(async ({ data }) => ({ data })),
        )
      : locator(
          sum.responder(({ a, b }) => ({ total: a + b })),
          echo.responder(({ data }) => ({ data })),
        );
  const server = await listen({
    port: 0,
    host: "127.0.0.1",
    backlog: 1024,
    locator: responders,
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

const made = {};

function caller(connection, { kind, bytes }) {
  made.commands ??= commands(loaded);
  const { sum, echo } = made.commands;
  if (kind === "sum") return () => connection.callRemote(sum, { a: 13, b: 81 });
  const data = new Uint8Array(bytes).fill(0x61);
  return () => connection.callRemote(echo, { data });
}
