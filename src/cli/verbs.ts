/** Every verb, in the order of the help. */
import { call } from "./call/call.ts";
import type { AnyVerb } from "./verb.ts";

export const verbs: readonly AnyVerb[] = [call];
