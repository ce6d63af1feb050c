/**
 * @grpc/grpc-js with protobuf messages over HTTP/2. A secure connection uses TLS from the first byte. Dates are sent as
 * protobuf's Timestamp and converted at each end; decimals are sent as text.
 */
import { credentials, loadPackageDefinition, Server, ServerCredentials } from "@grpc/grpc-js";
import { fromJSON } from "@grpc/proto-loader";
import { converter, inTurn, requestsOf } from "../workloads/requests.mjs";

const TYPES = {
  integer: { type: "int32" },
  float: { type: "double" },
  boolean: { type: "bool" },
  unicode: { type: "string" },
  bytes: { type: "bytes" },
  decimal: { type: "string" },
  dateTime: { type: "Timestamp" },
  integers: { type: "int32", rule: "repeated" },
};
const ENCODERS = {
  dateTime: (date) => {
    const seconds = Math.floor(date / 1000);
    return { seconds, nanos: (date - seconds * 1000) * 1_000_000 };
  },
};
const DECODERS = {
  dateTime: ({ seconds, nanos }) => new Date(seconds * 1000 + nanos / 1_000_000),
};
/** One TCP connection for each client: without the first option all clients of a process share one. */
const OPTIONS = { "grpc.use_local_subchannel_pool": 1, "grpc.ssl_target_name_override": "localhost" };
/** Milliseconds that a client waits until it is connected. */
const CONNECT_TIMEOUT = 30_000;

const BASE = {
  Timestamp: { fields: { seconds: { type: "int64", id: 1 }, nanos: { type: "int32", id: 2 } } },
  Pair: { fields: { a: { type: "int32", id: 1 }, b: { type: "int32", id: 2 } } },
  Total: { fields: { total: { type: "int32", id: 1 } } },
  Data: { fields: { data: { type: "bytes", id: 1 } } },
};

/** Returns the message type of some fields, with the types of its rows nested in it. */
function message(fields) {
  const declared = fields.map((field, at) => [field.name, { ...typeOf(field), id: at + 1 }]);
  // A oneof with one member is how protobuf tells an absent field from its default value.
  const presence = fields.filter(({ optional }) => optional);
  return {
    fields: Object.fromEntries(declared),
    oneofs: Object.fromEntries(presence.map(({ name }) => [`_${name}`, { oneof: [name] }])),
    nested: Object.fromEntries(
      fields.filter(({ type }) => type === "rows").map(({ name, of }) => [rowType(name), message(of)]),
    ),
  };
}

function typeOf({ name, type }) {
  return type === "rows" ? { type: rowType(name), rule: "repeated" } : TYPES[type];
}

function rowType(name) {
  return `RowOf${name}`;
}

function method(requestType, responseType) {
  return { requestType, responseType };
}

function serviceOf({ commands = [] }) {
  const nested = {
    ...BASE,
    ...Object.fromEntries(commands.map(({ name, fields }) => [`${name}Fields`, message(fields)])),
    Calls: {
      methods: {
        Sum: method("Pair", "Total"),
        Echo: method("Data", "Data"),
        ...Object.fromEntries(commands.map(({ name }) => [name, method(`${name}Fields`, `${name}Fields`)])),
      },
    },
  };
  const loading = { keepCase: true, defaults: true, longs: Number };
  return loadPackageDefinition(fromJSON({ nested }, loading)).Calls;
}

/** Returns the functions that convert the values of a command. */
function conversionOf({ commands = [] }, command) {
  const fields = commands.find(({ name }) => name === command)?.fields ?? [];
  return { encode: converter(fields, ENCODERS), decode: converter(fields, DECODERS) };
}

export async function serve({ work, tls }) {
  const server = new Server();
  const responders = (work.commands ?? []).map(({ name }) => {
    const { encode, decode } = conversionOf(work, name);
    return [name, ({ request }, answer) => answer(null, encode(decode(request)))];
  });
  server.addService(serviceOf(work).service, {
    Sum: ({ request: { a, b } }, answer) => answer(null, { total: a + b }),
    Echo: ({ request: { data } }, answer) => answer(null, { data }),
    ...Object.fromEntries(responders),
  });
  const serverCredentials = tls
    ? ServerCredentials.createSsl(null, [
        { private_key: Buffer.from(tls.key), cert_chain: Buffer.from(tls.cert) },
      ])
    : ServerCredentials.createInsecure();
  const port = await promised((done) => server.bindAsync("127.0.0.1:0", serverCredentials, done));
  return { port };
}

let Client;

export async function open({ port, work, tls }) {
  Client ??= serviceOf(work);
  const clientCredentials = tls
    ? credentials.createSsl(Buffer.from(tls.cert), null, null, { checkServerIdentity: () => undefined })
    : credentials.createInsecure();
  const client = new Client(`127.0.0.1:${port}`, clientCredentials, OPTIONS);
  await promised((done) => client.waitForReady(Date.now() + CONNECT_TIMEOUT, done));
  const requests = requestsOf(work).map((request) => ({
    ...request,
    ...conversionOf(work, request.command),
  }));
  let next;
  const executor = (resolve, reject) => {
    const { command, args, encode, decode } = next;
    client[command](encode(args), (error, response) => (error ? reject(error) : resolve(decode(response))));
  };
  return {
    call: inTurn(requests, (request) => {
      next = request;
      return new Promise(executor);
    }),
    close: async () => client.close(),
    answers: requests.map(({ answer }) => answer),
  };
}

function promised(start) {
  return new Promise((resolve, reject) => {
    start((error, value) => (error ? reject(error) : resolve(value)));
  });
}
