/** Twisted's `ampclient.py` in JavaScript: two connections, a sum, a division by zero. `node client.mjs [PORT]` */
import { connect } from "ampwire/node";
import { Divide, Sum, ZeroDivisionError } from "./commands.mjs";

const address = { host: "127.0.0.1", port: Number(process.argv[2] ?? 1234) };

async function sum() {
  const connection = await connect(address);
  const { total } = await connection.callRemote(Sum, { a: 13, b: 81 });
  await connection.close();
  return total;
}

async function divide() {
  const connection = await connect(address);
  try {
    return (await connection.callRemote(Divide, { numerator: 1234, denominator: 0 })).result;
  } catch (error) {
    if (!(error instanceof ZeroDivisionError)) throw error;
    console.log("Divided by zero: returning INF");
    return Number.POSITIVE_INFINITY;
  } finally {
    await connection.close();
  }
}

console.log("Done with math:", await Promise.all([sum(), divide()]));
