/** @grpc/grpc-js with messages of protobuf: HTTP/2, TLS from the first byte on where the work is secure. */
import { credentials, loadPackageDefinition, Server, ServerCredentials } from "@grpc/grpc-js";
import { fromJSON } from "@grpc/proto-loader";
import { requestOf } from "../workloads/request.mjs";

const TYPES = {
  integer: { type: "int32" },
  float: { type: "double" },
  boolean: { type: "bool" },
  unicode: { type: "string" },
  bytes: { type: "bytes" },
  integers: { type: "int32", rule: "repeated" },
  rows: { type: "Row", rule: "repeated" },
};
/** A connection for each client: else all of a process share one. */
const OPTIONS = { "grpc.use_local_subchannel_pool": 1, "grpc.ssl_target_name_override": "localhost" };
const PATIENCE = 30_000;

function message(fields) {
  return {
    fields: Object.fromEntries(fields.map(({ name, type }, at) => [name, { ...TYPES[type], id: at + 1 }])),
  };
}

function method(requestType, responseType) {
  return { requestType, responseType };
}

/** The service with the one method `same` for the fields of the work, beside `sum` and `echo`. */
function serviceOf({ fields = [] }) {
  const [list] = fields.filter(({ type }) => type === "rows");
  const nested = {
    Pair: { fields: { a: { type: "int32", id: 1 }, b: { type: "int32", id: 2 } } },
    Total: { fields: { total: { type: "int32", id: 1 } } },
    Data: { fields: { data: { type: "bytes", id: 1 } } },
    Row: message(list?.of ?? []),
    Same: message(fields),
    Calls: {
      methods: { sum: method("Pair", "Total"), echo: method("Data", "Data"), same: method("Same", "Same") },
    },
  };
  return loadPackageDefinition(fromJSON({ nested }, { keepCase: true, defaults: true })).Calls;
}

export async function serve({ work, tls }) {
  const server = new Server();
  server.addService(serviceOf(work).service, {
    sum: ({ request: { a, b } }, answer) => answer(null, { total: a + b }),
    echo: ({ request: { data } }, answer) => answer(null, { data }),
    same: ({ request }, answer) => answer(null, request),
  });
  const how = tls
    ? ServerCredentials.createSsl(null, [
        { private_key: Buffer.from(tls.key), cert_chain: Buffer.from(tls.cert) },
      ])
    : ServerCredentials.createInsecure();
  const port = await promised((done) => server.bindAsync("127.0.0.1:0", how, done));
  return { port };
}

let Client;

export async function open({ port, work, tls }) {
  Client ??= serviceOf(work);
  const how = tls
    ? credentials.createSsl(Buffer.from(tls.cert), null, null, { checkServerIdentity: () => undefined })
    : credentials.createInsecure();
  const client = new Client(`127.0.0.1:${port}`, how, OPTIONS);
  await promised((done) => client.waitForReady(Date.now() + PATIENCE, done));
  const { method: name, args } = requestOf(work);
  const executor = (resolve, reject) => {
    client[name](args, (error, response) => (error ? reject(error) : resolve(response)));
  };
  return {
    call: () => new Promise(executor),
    close: async () => client.close(),
  };
}

function promised(start) {
  return new Promise((resolve, reject) => {
    start((error, value) => (error ? reject(error) : resolve(value)));
  });
}
