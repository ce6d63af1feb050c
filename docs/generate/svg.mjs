/** SVG of boxes, arrows and sequences, in colors that follow the dark and the light theme of a page. */

const STYLE = `
text { font: 13px system-ui, sans-serif; fill: #1f2328; text-anchor: middle; }
.small { font-size: 11px; fill: #57606a; }
.start { text-anchor: start; }
.end { text-anchor: end; }
.title { font-weight: 600; }
.box { fill: #f6f8fa; stroke: #57606a; }
.good { fill: #dff3f4; stroke: #0b6e75; }
.bad { fill: #ffe9e6; stroke: #b42318; }
.line { stroke: #57606a; fill: none; stroke-width: 1.5; }
.lifeline { stroke: #8b949e; stroke-dasharray: 3 4; }
line.good, path.good { stroke: #0b6e75; fill: none; stroke-width: 1.5; }
line.bad, path.bad { stroke: #b42318; fill: none; stroke-width: 1.5; }
text.good { fill: #0b6e75; stroke: none; }
text.bad { fill: #b42318; stroke: none; }
marker path { fill: #57606a; }
marker.good path { fill: #0b6e75; }
marker.bad path { fill: #b42318; }
.tls { fill: #0b6e75; fill-opacity: 0.12; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; }
  .small { fill: #9da7b1; }
  .box { fill: #21262d; stroke: #9da7b1; }
  .good { fill: #10373a; stroke: #5fd0d8; }
  .bad { fill: #4a1d19; stroke: #ff9b8f; }
  .line { stroke: #9da7b1; }
  line.good, path.good { stroke: #5fd0d8; fill: none; }
  line.bad, path.bad { stroke: #ff9b8f; fill: none; }
  text.good { fill: #5fd0d8; }
  text.bad { fill: #ff9b8f; }
  marker path { fill: #9da7b1; }
  marker.good path { fill: #5fd0d8; }
  marker.bad path { fill: #ff9b8f; }
  .tls { fill: #5fd0d8; fill-opacity: 0.14; }
}
`;

const MARKERS = ["line", "good", "bad"]
  .map(
    (kind) =>
      `<marker id="${kind}" class="${kind === "line" ? "" : kind}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto-start-reverse"><path d="M0 0L8 4L0 8z"/></marker>`,
  )
  .join("");

/**
 * @param {number} width
 * @param {number} height
 * @param {string} label what the picture shows, for readers who do not see it
 * @param {readonly string[]} parts
 */
export function svg(width, height, label, parts) {
  const head = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" role="img" aria-label="${escapeText(label)}">`;
  return `${head}\n<style>${STYLE}</style>\n<defs>${MARKERS}</defs>\n${parts.join("\n")}\n</svg>\n`;
}

/**
 * @param {number} x
 * @param {number} y
 * @param {string} content
 * @param {string} [kind] classes
 */
export function text(x, y, content, kind = "") {
  return `<text x="${x}" y="${y}" class="${kind}">${escapeText(content)}</text>`;
}

/**
 * A box with a title and lines of small text, around its center.
 * @param {{ x: number, y: number, width?: number, title: string, lines?: readonly string[], kind?: string }} box
 */
export function box({ x, y, width = 120, title, lines = [], kind = "box" }) {
  const height = 30 + lines.length * 15;
  const top = y - height / 2;
  return [
    `<rect x="${x - width / 2}" y="${top}" width="${width}" height="${height}" rx="6" class="${kind}"/>`,
    text(x, top + 20, title, "title"),
    ...lines.map((line, index) => text(x, top + 35 + index * 15, line, "small")),
  ].join("\n");
}

/**
 * @param {string} path data of an SVG path
 * @param {string} [kind] `line`, `good` or `bad`
 */
export function arrow(path, kind = "line") {
  return `<path d="${path}" class="${kind}" marker-end="url(#${kind})"/>`;
}

/**
 * @typedef {object} Message
 * @property {string} [from] name of a participant; a message without it is a note for all
 * @property {string} [to]
 * @property {string} text
 * @property {"line" | "good" | "bad"} [kind]
 * @property {boolean} [tls] true if it is sent inside TLS
 */

const STEP = 38;

/**
 * @param {string} label
 * @param {readonly string[]} participants from left to right
 * @param {readonly Message[]} messages from top to bottom
 */
export function sequence(label, participants, messages) {
  const width = 640;
  const x = (/** @type {string} */ name) =>
    Math.round(((participants.indexOf(name) + 0.5) * width) / participants.length);
  const top = 60;
  const height = top + messages.length * STEP + 20;
  const parts = participants.flatMap((name) => [
    box({ x: x(name), y: 20, title: name, kind: name === "attacker" ? "bad" : "box" }),
    `<line x1="${x(name)}" y1="36" x2="${x(name)}" y2="${height - 8}" class="lifeline"/>`,
  ]);
  for (const [index, { from, to, text: content, kind = "line", tls }] of messages.entries()) {
    const y = top + index * STEP + 14;
    if (tls) parts.push(`<rect x="0" y="${y - 18}" width="${width}" height="${STEP}" class="tls"/>`);
    if (from === undefined || to === undefined) {
      parts.push(text(width / 2, y + 4, content, kind === "line" ? "small" : `${kind} small`));
      continue;
    }
    const [start, end] = [x(from), x(to)];
    parts.push(arrow(`M${start} ${y + 6}H${end}`, kind));
    parts.push(text((start + end) / 2, y, content, kind === "line" ? "" : kind));
  }
  return svg(width, height, label, parts);
}

/** @param {string} content */
function escapeText(content) {
  return content.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
