/** The two ends of a connection that somebody stands between. */

/** Whoever opened the connection is the client. */
export type End = "client" | "server";

export function otherEnd(end: End): End {
  return end === "client" ? "server" : "client";
}
