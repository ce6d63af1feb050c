/** Opens a connection to an address, with TLS from the first byte for `tls://`. */
import { connect as connectTLS } from "node:tls";
import { ConnectFailed, PeerVerifyError } from "../../index.ts";
import {
  attach,
  type ConnectOptions,
  connect,
  type NodeConnection,
  type SentProxyHeader,
  type TLSOptions,
} from "../../node/index.ts";
import { Failure } from "../cli-error.ts";
import { type Address, addressText, type InternetAddress } from "./address.ts";
import { reasonOf, systemCode } from "./reason.ts";
import { clientOptions } from "./tls-socket.ts";

export interface OpenOptions {
  readonly tls: TLSOptions;
  /** Milliseconds for connecting. Undefined: no timeout. */
  readonly timeout?: number | undefined;
  /** Send a PROXY header first. */
  readonly proxyProtocol?: SentProxyHeader | undefined;
}

/** @throws ConnectFailed, PeerVerifyError */
export function openConnection(
  address: Address,
  { tls, timeout, proxyProtocol }: OpenOptions,
): Promise<NodeConnection> {
  const implicitTLS = address.kind === "tls";
  if (address.kind === "tls" && proxyProtocol === undefined) return openTLS(address, tls, timeout);
  const place = address.kind === "unix" ? { path: address.path } : { host: address.host, port: address.port };
  const options: ConnectOptions = { ...place, tls, implicitTLS, proxyProtocol, connectTimeout: timeout };
  return connect(options);
}

/** True for an alert of a TLS server. Every other failure of a handshake may come from a server that expects StartTLS. */
function isAlert(error: unknown): boolean {
  return systemCode(error, (code) => code.includes("_ALERT_")) !== undefined;
}

function notTLS(cause: ConnectFailed): Failure {
  return new Failure(cause.message, "if the server expects StartTLS, use tcp:// with --starttls", {
    code: cause.code,
    cause,
  });
}

function openTLS(
  address: InternetAddress<"tls">,
  tls: TLSOptions,
  timeout: number | undefined,
): Promise<NodeConnection> {
  const { host, port } = address;
  return new Promise((resolve, reject) => {
    const socket = connectTLS({ host, port, ...clientOptions(tls) });
    let connected = false;
    socket.once("connect", () => {
      connected = true;
    });
    const failed = (message: string, cause?: unknown) => {
      clearTimeout(timer);
      socket.on("error", () => {}); // later errors of the failed socket are ignored
      socket.destroy();
      const Failed = socket.authorizationError ? PeerVerifyError : ConnectFailed;
      const error = new Failed(`cannot connect to ${addressText(address)}: ${message}`, { cause });
      const speaksTLS = socket.authorizationError || (cause !== undefined && isAlert(cause));
      reject(connected && !speaksTLS ? notTLS(error) : error);
    };
    const late = () => failed(`the TLS handshake did not finish within ${timeout} ms`);
    const timer = timeout === undefined ? undefined : setTimeout(late, timeout);
    socket.once("error", (error) => failed(reasonOf(error), error));
    socket.once("secureConnect", () => {
      clearTimeout(timer);
      socket.setNoDelay(true);
      socket.removeAllListeners("error");
      resolve(attach(socket, { role: "client", tls: false }));
    });
  });
}
