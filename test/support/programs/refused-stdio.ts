/** Cannot speak AMP over its standard streams, says why, and is done: whether it ends is the test. */
import { attachStdio } from "ampwire/node";

try {
  attachStdio(process.argv[2] === "limits" ? { limits: { maxBoxBytes: -1 } } : {});
} catch (error) {
  console.error(String(error));
}
