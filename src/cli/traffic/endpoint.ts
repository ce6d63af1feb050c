/** The two endpoints of a relayed or captured connection. The client opened it. */
export type Endpoint = "client" | "server";

export function otherEndpoint(end: Endpoint): Endpoint {
  return end === "client" ? "server" : "client";
}
