/** The two ends of a connection that somebody stands between. */

/** Whoever opened the connection is the client. */
export type Endpoint = "client" | "server";

export function otherEndpoint(end: Endpoint): Endpoint {
  return end === "client" ? "server" : "client";
}
