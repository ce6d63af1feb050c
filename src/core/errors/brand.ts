/**
 * Recognition of objects of another copy of the package (a monorepo, `npm link`) or of another realm (`node:vm`, Jest): their
 * classes are others, so `instanceof` does not recognize them. The prototypes of the library's classes have a brand instead.
 */

/** Number of what classes of the library expect of each other. To be raised when the classes of two versions cannot work together. */
export const SEAM = 1;

/** Key of the brand of responders and of locators, which is {@link SEAM}. */
export const RESPONDER_BRAND: unique symbol = Symbol.for("ampwire.responder");
/** Key of the brand of commands, which is {@link SEAM}. */
export const COMMAND_BRAND: unique symbol = Symbol.for("ampwire.command");

/** A class, for the search of its brand. */
interface Class {
  readonly prototype: object;
}

/** Sets the brand of a class: `name` for all copies of the class. */
export function brand(target: Class, key: symbol, name: string | number): void {
  Object.defineProperty(target.prototype, key, { value: name });
}

/** True if a class has a brand of its own, which its base class does not have. */
export function hasOwnBrand({ prototype }: Class, key: symbol): boolean {
  return Object.hasOwn(prototype, key);
}

/** `instanceof` for a class with a brand: also true for instances of its copies, and of the classes derived from them. */
export function isInstance(target: Class, key: symbol, value: unknown): boolean {
  if (Function.prototype[Symbol.hasInstance].call(target, value)) return true;
  // A class that a program derives has no copies.
  if (typeof value !== "object" || value === null || !hasOwnBrand(target, key)) return false;
  const name = Reflect.get(target.prototype, key);
  for (
    let layer: object | null = Object.getPrototypeOf(value);
    layer !== null;
    layer = Object.getPrototypeOf(layer)
  )
    if (Object.hasOwn(layer, key) && Reflect.get(layer, key) === name) return true;
  return false;
}

/** Returns a value that all copies of the package share. @param create returns it for the first of them */
export function sharedByCopies<T extends object>(name: string, create: () => T): T {
  const key = Symbol.for(`ampwire.${name}`);
  const shared = globalThis as { [key]?: T }; // only copies use the key
  shared[key] ??= create();
  return shared[key];
}

/** Returns the message for an object of a copy that cannot work with this one. @param what the object */
export function anotherCopy(what: string): string {
  return `${what} comes from another copy of ampwire, whose version does not fit this one: install one version (npm ls ampwire)`;
}
