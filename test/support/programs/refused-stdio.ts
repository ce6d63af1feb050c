/** Fails to open a connection over its standard streams, and prints the reason. The test checks that it exits. */
import { attachStdio } from "ampwire/node";

try {
  attachStdio(process.argv[2] === "limits" ? { limits: { maxBoxBytes: -1 } } : {});
} catch (error) {
  console.error(String(error));
}
