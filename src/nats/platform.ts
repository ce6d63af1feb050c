/** Globals of the platform. They are declared here because the folder compiles without the types of Node and the DOM. */

declare const crypto: { getRandomValues(bytes: Uint8Array): Uint8Array };
declare const atob: (text: string) => string;

const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** Returns 22 random letters and digits: about 130 bits, which cannot be guessed. */
export function randomId(): string {
  // 256 is not a multiple of 62, so the first letters are a little more likely. That costs a fraction of a bit.
  const bytes = crypto.getRandomValues(new Uint8Array(22));
  return Array.from(bytes, (byte) => DIGITS[byte % DIGITS.length]).join("");
}

/** Decodes base64. @throws an error of the platform for invalid text */
export function bytesOfBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
