import { execFileSync } from "node:child_process";
import { PrivateCertificate } from "ampwire/node";
import { expect, test } from "vitest";
import { nodeProgram } from "../../support/node-program.ts";

test("a program that reads its certificates from PEM does not load reflect-metadata, which changes the global Reflect", async () => {
  const authority = await PrivateCertificate.authority({ commonName: "Test CA" });
  const host = await authority.issue({ commonName: "localhost", hostNames: ["localhost"], usage: "server" });
  const input = JSON.stringify({ authority: authority.toPEM(), host: host.toPEMWithKey() });
  const printed = execFileSync(process.execPath, [await nodeProgram("metadata")], {
    encoding: "utf8",
    input,
  });
  expect(JSON.parse(printed)).toEqual({ before: false, after: true });
});
