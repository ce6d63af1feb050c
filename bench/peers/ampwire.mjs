/** ampwire as an application uses it: typed calls, promises, and the default checks and limits. */
import { inTurn, requestsOf } from "../workloads/requests.mjs";

/** Loads the build to measure; `dist` is its URL. */
async function load({ dist }) {
  const core = await import(new URL("index.js", dist));
  const node = await import(new URL("node/index.js", dist));
  return { ...core, ...node };
}

/** Returns the commands of a workload by name. @param as class of dates (default Temporal) */
function commandsOf(core, { commands = [] }, as) {
  const { command, integer, bytes } = core;
  const declared = [
    command("Sum", { arguments: { a: integer(), b: integer() }, response: { total: integer() } }),
    command("Echo", { arguments: { data: bytes() }, response: { data: bytes() } }),
    ...commands.map(({ name, fields }) => {
      const types = typesOf(fields, core, as);
      return command(name, { arguments: types, response: types });
    }),
  ];
  return Object.fromEntries(declared.map((one) => [one.name, one]));
}

function typesOf(fields, core, as) {
  const types = {
    dateTime: () => core.dateTime({ as }),
    integers: () => core.listOf(core.integer()),
    rows: ({ of }) => core.ampList(typesOf(of, core, as)),
  };
  return Object.fromEntries(
    fields.map((field) => {
      const type = types[field.type]?.(field) ?? core[field.type]();
      return [field.name, field.optional ? core.optional(type) : type];
    }),
  );
}

function respondersOf({ Sum, Echo, ...others }, { locator }, kind) {
  if (kind === "async") {
    return locator(
      Sum.responder(async ({ a, b }) => ({ total: a + b })),
      Echo.responder(async ({ data }) => ({ data })),
      ...Object.values(others).map((command) => command.responder(async (args) => args)),
    );
  }
  return locator(
    Sum.responder(({ a, b }) => ({ total: a + b })),
    Echo.responder(({ data }) => ({ data })),
    ...Object.values(others).map((command) => command.responder((args) => args)),
  );
}

/** @param setup `dist`: URL of the build; `options.responders`: `sync` or `async` */
export async function serve(setup) {
  const { tls, work, options } = setup;
  const { listen, PrivateCertificate, ...core } = await load(setup);
  const server = await listen({
    port: 0,
    host: "127.0.0.1",
    backlog: 1024,
    locator: respondersOf(commandsOf(core, work, options.dates), core, options.responders),
    tls: tls && { localCertificate: PrivateCertificate.loadPEM(tls.cert, tls.key) },
  });
  return { port: server.address().port };
}

let loaded;
let authority;
let requests;

/** @param setup `options.commands`: the number of commands that are called, of those of the workload (default all) */
export async function open({ port, tls, work, dist, options }) {
  loaded ??= await load({ dist });
  requests ??= typedRequests(loaded, work, options);
  const { connect, Certificate } = loaded;
  const connection = await connect({ port, host: "127.0.0.1" });
  if (tls) {
    authority ??= Certificate.loadPEM(tls.cert);
    await connection.startTLS({ verifyAuthorities: [authority] });
  }
  return {
    call: inTurn(requests, ({ command, args }) => connection.callRemote(command, args)),
    close: () => connection.close(),
    answers: requests.map(({ answer }) => answer),
  };
}

function typedRequests(core, work, { commands: count, dates }) {
  const commands = commandsOf(core, work, dates);
  const makers = {
    bytes: (text) => Buffer.from(text),
    // Decoding gives values of the classes that the build itself uses.
    decimal: (text) => core.decimal().decode(Buffer.from(text)),
    dateTime: (text) => core.dateTime({ as: dates }).decode(Buffer.from(text)),
  };
  return requestsOf({ ...work, commands: work.commands?.slice(0, count) }, makers).map((request) => ({
    ...request,
    command: commands[request.command],
  }));
}
