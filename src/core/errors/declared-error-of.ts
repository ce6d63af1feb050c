/** The declaration of a thrown error. A module of its own: a page that only calls does not load it. */
import { ERROR_BRAND } from "./amp-error.ts";
import type { DeclaredError, DeclaredErrors } from "./declared-errors.ts";
import { isError } from "./to-error.ts";

/** Returns the declaration of the most derived declared class of the error. */
export function declaredErrorOf(declaredErrors: DeclaredErrors, error: unknown): DeclaredError | undefined {
  if (declaredErrors.codeFor !== undefined) return declaredErrors.codeFor(error);
  const { byClass } = declaredErrors;
  if (!isError(error)) return undefined;
  for (
    let proto: object | null = Object.getPrototypeOf(error);
    proto !== null;
    proto = Object.getPrototypeOf(proto)
  ) {
    const declared = byClass.get(proto.constructor) ?? declaredCopyOf(byClass, proto);
    if (declared !== undefined) return declared;
  }
  return undefined;
}

/** Returns the declaration of a class of which the prototype belongs to another copy of the package, or to another realm. */
function declaredCopyOf(byClass: DeclaredErrors["byClass"], proto: object): DeclaredError | undefined {
  const kind = kindOf(proto);
  if (kind === undefined) return undefined;
  for (const [errorClass, declared] of byClass) if (kindOf(errorClass.prototype) === kind) return declared;
  return undefined;
}

/** Returns the name that all copies of a class of the library, or of the platform, have. */
function kindOf(proto: object): unknown {
  if (Object.hasOwn(proto, ERROR_BRAND)) return Reflect.get(proto, ERROR_BRAND);
  const isBuiltIn = /\{\s*\[native code\]\s*\}$/.test(Function.prototype.toString.call(proto.constructor));
  return isBuiltIn && Object.hasOwn(proto, "name") ? Reflect.get(proto, "name") : undefined;
}
