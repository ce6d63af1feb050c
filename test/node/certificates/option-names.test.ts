/** Options of generated certificates: a misspelt one is refused. */
import { PrivateCertificate, type RevocationListOptions } from "ampwire/node";
import { expect, test } from "vitest";
import { rejection } from "../../support/settled.ts";

const authority = await PrivateCertificate.authority({ commonName: "CA" });
/** Options that the compiler would refuse. */
const wrong = (options: unknown) => options as { readonly commonName: string };

test.each([
  [{ commonName: "x", names: ["a.example"] }, 'unknown option "names" (did you mean "hostNames"?)'],
  [{ commonName: "x", hostnames: ["a.example"] }, 'unknown option "hostnames" (did you mean "hostNames"?)'],
  [{ commonName: "x", days: 3 }, 'unknown option "days" (did you mean "validForDays"?)'],
  ["x", 'the options must be an object, not "x"'],
  [undefined, "the options must be an object, not undefined"],
])("the options %j of a certificate are refused", async (options, message) => {
  const made = [authority.issue(wrong(options)), PrivateCertificate.selfSigned(wrong(options))];
  expect((await Promise.all(made.map(rejection))).map((error) => error.message)).toEqual([
    `issue: ${message}`,
    `selfSigned: ${message}`,
  ]);
});

test("a CA and a revocation list refuse options of other certificates", async () => {
  const ca = await rejection(PrivateCertificate.authority(wrong({ commonName: "x", hostNames: [] })));
  expect(ca.message).toBe('authority: unknown option "hostNames"');
  const list = await rejection(authority.revocationList({ revoke: [] } as RevocationListOptions));
  expect(list.message).toBe('revocationList: unknown option "revoke" (did you mean "revoked"?)');
});
