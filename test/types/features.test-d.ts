/** The options that features take are those that ConnectionOptions documents. */
import type { ConnectionOptions } from "ampwire";
import type { FeatureKind } from "../../src/core/connection/feature.ts";
import type { boxReceiver } from "../../src/core/features/box-receiver.ts";
import type { liveness } from "../../src/core/features/liveness.ts";
import type { Equal, Expect } from "./expect.ts";

type OptionsOf<K> = K extends FeatureKind<infer Options> ? Options : never;
type Documented<K> = Pick<ConnectionOptions, keyof OptionsOf<K> & keyof ConnectionOptions>;

export type Cases = [
  Expect<Equal<OptionsOf<typeof liveness>, Documented<typeof liveness>>>,
  Expect<Equal<OptionsOf<typeof boxReceiver>, Documented<typeof boxReceiver>>>,
];
