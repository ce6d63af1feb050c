/** All options of the public functions, from their types and docstrings. */
import ts from "typescript";
import { DEFAULT_LIMITS } from "../../dist/index.js";
import { checker, docOf, ENTRY_POINTS, exportsOf, fileOf } from "./program.mjs";

/**
 * @typedef {object} Option
 * @property {string} name
 * @property {string} id anchor of its row
 * @property {string} place where a program sets it, as Markdown
 * @property {string} type
 * @property {string} initial its default; "required" if it must be set
 * @property {string} meaning
 */

/** Places of options that are a part of another option, by the type that declares them. */
const PARTS = new Map([
  ["BoxLimits", "`limits`"],
  ["Limits", "`limits`"],
  ["ServerLimits", "`serverLimits`"],
  ["QueueLimits", "`queue`"],
  ["BackoffOptions", "`backoff`"],
  ["HeartbeatOptions", "`heartbeat`"],
  ["DescriptorOptions", "`descriptors`"],
]);

/** Functions that take the options, by the exported type. Types that are not listed belong to a class or a codec. */
const FUNCTIONS = new Map([
  ["ConnectOptions", "connect"],
  ["ConnectWebSocketOptions", "connect"],
  ["CallingOptions", "connect"],
  ["ListenOptions", "listen"],
  ["AttachOptions", "attach"],
  ["AttachWebSocketOptions", "attach"],
  ["AddressOptions", "attach"],
  ["WebSocketOptions", "attach"],
  ["AttachChildOptions", "attachChild"],
  ["ReconnectingOptions", "reconnecting"],
  ["WebSocketServerOptions", "serverOptions"],
  ["TLSOptions", "tls"],
  ["StartTLSOptions", "startTLS"],
  ["CallOptions", "callRemote"],
  ["CloseOptions", "close"],
  ["AuthorityOptions", "authority"],
  ["CertificateOptions", "issue"],
  ["RevocationListOptions", "revocationList"],
  ["KeyOptions", "loadPEM"],
  ["ZlibOptions", "zlib"],
  ["CompressedOptions", "compressed"],
  ["DateTimeOptions", "dateTime"],
  ["SplitOptions", "big"],
  ["MessageTransportOptions", "MessageTransport"],
  ["PairOptions", "connectedPair"],
  ["MemoryTransportOptions", "memoryTransports"],
]);

/** Sentence of a docstring that states a default. */
const DEFAULT = / ?\bDefault:? ((?:[^.]|\.(?=\S))+)\./g;

/** Order of the table: limits first. Places that are not listed follow in the order in which they are found. */
const ORDER = ["`limits`", "`serverLimits`", "`queue`", "`backoff`", "`heartbeat`"];

/** @returns {Option[]} */
export function allOptions() {
  /** @type {Map<string, { symbol: ts.Symbol, owner: string, places: Map<string, Set<string>> }>} */
  const found = new Map();
  for (const entryPoint of ENTRY_POINTS.keys()) {
    for (const [typeName, type] of optionTypes(entryPoint)) {
      for (const symbol of membersOf(type)) {
        const owner = ownerOf(symbol) ?? typeName;
        // Two types may declare the same option with the same docstring, for example for two entry points.
        const meaning = owner === "TLSOptions" ? owner : docOf(symbol);
        const key = [symbol.name, PARTS.get(owner) ?? "", meaning].join("\n");
        const entry = found.get(key) ?? { symbol, owner, places: new Map() };
        // `ampwire/node` describes its TLS options in more detail than the core.
        found.set(key, owner === "TLSOptions" ? { ...entry, symbol } : entry);
        const function_ = FUNCTIONS.get(typeName);
        if (function_ === undefined) continue;
        entry.places.set(function_, (entry.places.get(function_) ?? new Set()).add(entryPoint));
      }
    }
  }
  const options = [...found.values()].map(({ symbol, owner, places }) => ({
    ...describe(symbol),
    place: PARTS.get(owner) ?? placeText(places, owner),
  }));
  return withAnchors(options.sort((a, b) => rank(a.place) - rank(b.place)));
}

/** @param {string} entryPoint @returns {[string, ts.Type][]} the exported types of options, by name */
function optionTypes(entryPoint) {
  return [...exportsOf(entryPoint)]
    .filter(([name]) => /(Options|Limits)$/.test(name))
    .filter(([, symbol]) => symbol.flags & (ts.SymbolFlags.Interface | ts.SymbolFlags.TypeAlias))
    .map(([name, symbol]) => [name, checker.getDeclaredTypeOfSymbol(symbol)]);
}

/** @param {ts.Type} type @returns its properties; those of all members, if it is a union */
function membersOf(type) {
  const types = type.isUnion() ? type.types : [type];
  const members = types.flatMap((one) => checker.getPropertiesOfType(one)).map(declared);
  return [...new Map(members.map((symbol) => [symbol.name, symbol])).values()];
}

/** @param {ts.Symbol} symbol @returns its first declaration, if it combines those of several types */
function declared(symbol) {
  const name = symbol.declarations?.[0] && ts.getNameOfDeclaration(symbol.declarations[0]);
  return (name && checker.getSymbolAtLocation(name)) ?? symbol;
}

/** @param {ts.Symbol} symbol @returns the name of the interface that declares the property */
function ownerOf(symbol) {
  const parent = symbol.declarations?.[0]?.parent;
  return parent !== undefined && ts.isInterfaceDeclaration(parent) ? parent.name.text : undefined;
}

/** @param {ts.Symbol} symbol */
function describe(symbol) {
  const own = fileOf(symbol).startsWith("src/");
  const doc = docOf(symbol).replace(/\{@link (\w+)\s*\}/g, "`$1`");
  const [sentence = "", initial] = [...doc.matchAll(DEFAULT)].at(-1) ?? [];
  const optional =
    (symbol.flags & ts.SymbolFlags.Optional) !== 0 || Object.hasOwn(DEFAULT_LIMITS, symbol.name);
  const type = checker
    .typeToString(checker.getTypeOfSymbol(symbol), undefined, ts.TypeFormatFlags.NoTruncation)
    .replace(/ \| undefined$/, "")
    .replace(/^\((.*)\)$/, "$1");
  return {
    name: symbol.name,
    type: type.length > 40 ? shortType(type) : type,
    initial: initial ?? (optional ? "none" : "required"),
    meaning: own ? doc.replace(sentence, "").trim() : "as in `node:net`",
  };
}

/** @param {string} type */
function shortType(type) {
  if (type.includes("=>")) return "function";
  if (type.includes("[]")) return "array";
  return "object";
}

/**
 * @param {Map<string, Set<string>>} places the entry points of each function
 * @param {string} owner
 */
function placeText(places, owner) {
  if (places.size === 0) return `\`${owner}\``;
  return [...places.keys()].map((name) => `\`${name}\``).join(", ");
}

/** @param {string} place */
function rank(place) {
  const index = ORDER.indexOf(place);
  return index === -1 ? ORDER.length : index;
}

/**
 * @param {Omit<Option, "id">[]} options
 * @returns {Option[]} with anchors: the name, and the place too if several options have the name
 */
function withAnchors(options) {
  const used = new Set();
  return options.map((option) => {
    const place = option.place.replace(/`/g, "").split(", ")[0] ?? "";
    const candidates = [option.name, `${option.name}-${place}`, `${option.name}-${place}-2`];
    const id = candidates.find((candidate) => !used.has(candidate));
    if (id === undefined) throw new Error(`more than three options ${option.name} have no anchor`);
    used.add(id);
    return { ...option, id };
  });
}
