/** Modules of the package that are not exported: the sources in the tests, the built files in `npm run fuzz`. */
const [folder, ending] = process.env.VITEST === undefined ? ["dist", "js"] : ["src", "ts"];

/** @param path the module's path in `src` without its ending */
export function internal(path) {
  return import(/* @vite-ignore */ new URL(`../../${folder}/${path}.${ending}`, import.meta.url).href);
}
