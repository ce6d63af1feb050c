/**
 * Distinguished names in OpenSSL's format: each line holds one `KEY=value`, or several joined by ` + `. OpenSSL escapes
 * special and control characters as in RFC 2253, so a hostile certificate cannot forge lines in a log.
 */

export function onOneLine(name: string | undefined): string {
  return (name ?? "").trim().replaceAll("\n", ", ");
}

export function lastCommonName(name: string | undefined): string | undefined {
  const parts = (name ?? "").split(/\n| \+ /); // a plus within a value is escaped
  return parts
    .findLast((part) => part.startsWith("CN="))
    ?.slice("CN=".length)
    .replace(/\\([0-9A-F]{2})|\\(.)/g, (_, hex?: string, character?: string) =>
      hex === undefined ? (character ?? "") : String.fromCharCode(Number.parseInt(hex, 16)),
    );
}

/** Splits at the commas that are not inside quotes. Node quotes values that would be ambiguous. */
export function separateNames(subjectAltName: string | undefined): string[] {
  const names = (subjectAltName ?? "").match(/(?:[^,"]|"(?:[^"\\]|\\.)*")+/g) ?? [];
  return names.map((name) => name.trim());
}
