/**
 * Small SVG plots with logarithmic scales. Each file contains a style sheet with colours for light and dark pages.
 */

const WIDTH = 640;
const STYLE = `<style>
text { font: 12px system-ui, sans-serif; fill: #1f2328; }
.end { text-anchor: end; }
.middle { text-anchor: middle; }
.title { font-weight: 600; }
.grid { stroke: #8b949e; stroke-opacity: 0.35; }
.ours { fill: #0969da; stroke: #0969da; }
.floor { fill: #8250df; stroke: #8250df; }
.other { fill: #8b949e; stroke: #8b949e; }
polyline.ours, polyline.floor, polyline.other { fill: none; stroke-width: 2; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; }
  .ours { fill: #58a6ff; stroke: #58a6ff; }
  .floor { fill: #bc8cff; stroke: #bc8cff; }
}
</style>`;

/** @param bars `{ label, value, kind }`; `kind` is `ours`, `floor` or `other` */
export function barPlot({ title, unit, bars }) {
  const [left, right, top, step] = [190, 70, 40, 24];
  const height = top + bars.length * step + 30;
  const scale = logarithmic(
    bars.map(({ value }) => value),
    left,
    WIDTH - right,
  );
  const bottom = top + bars.length * step;
  const parts = [
    text(12, 20, `${title} (${unit}, logarithmic)`, "title"),
    ...scale.ticks.map((tick) => line(scale.at(tick), top, scale.at(tick), bottom)),
    ...scale.ticks.map((tick) => text(scale.at(tick), bottom + 18, short(tick), "middle")),
    ...bars.flatMap(({ label, value, kind }, index) => {
      const y = top + index * step;
      const width = scale.at(value) - left;
      return [
        text(left - 8, y + 16, label, "end"),
        `<rect class="${kind}" stroke="none" x="${left}" y="${y + 4}" width="${width.toFixed(1)}" height="${step - 8}"/>`,
        text(left + width + 6, y + 16, short(value)),
      ];
    }),
  ];
  return svg(height, title, parts);
}

/** Returns plots side by side. @param panels `{ title, x, lines }`; a line is `{ label, kind, points: [x, y][] }` */
export function linePlot({ title, unit, panels }) {
  const [top, bottom, left, gap] = [62, 230, 56, 30];
  const width = (WIDTH - left - 20 - gap * (panels.length - 1)) / panels.length;
  const all = panels.flatMap(({ lines }) => lines.flatMap(({ points }) => points));
  const y = logarithmic(
    all.map(([, value]) => value),
    bottom,
    top,
  );
  const parts = [
    text(12, 20, `${title} (${unit}, both scales logarithmic)`, "title"),
    ...legend(panels[0].lines, bottom + 62),
    ...y.ticks.map((tick) => text(left - 8, y.at(tick) + 4, short(tick), "end")),
    ...panels.flatMap((panel, index) =>
      panelParts(panel, left + index * (width + gap), width, y, top, bottom),
    ),
  ];
  return svg(bottom + 74, title, parts);
}

function legend(lines, y) {
  return lines.flatMap(({ label, kind }, index) => {
    const x = 56 + index * 180;
    return [`<circle class="${kind}" cx="${x}" cy="${y - 4}" r="4"/>`, text(x + 10, y, label)];
  });
}

function panelParts({ title, x: unit, lines }, from, width, y, top, bottom) {
  const x = logarithmic(
    lines.flatMap(({ points }) => points.map(([at]) => at)),
    from,
    from + width,
  );
  return [
    text(from, top - 14, title),
    ...y.ticks.map((tick) => line(from, y.at(tick), from + width, y.at(tick))),
    ...x.ticks.map((tick) => text(x.at(tick), bottom + 18, short(tick), "middle")),
    text(from + width / 2, bottom + 36, unit, "middle"),
    ...lines.flatMap(({ kind, points }) => {
      const placed = points.map(([at, value]) => [x.at(at).toFixed(1), y.at(value).toFixed(1)]);
      return [
        `<polyline class="${kind}" points="${placed.map((point) => point.join(",")).join(" ")}"/>`,
        ...placed.map(([cx, cy]) => `<circle class="${kind}" cx="${cx}" cy="${cy}" r="3"/>`),
      ];
    }),
  ];
}

/** Returns a scale between powers of ten that includes all values. */
function logarithmic(values, from, to) {
  const least = Math.floor(Math.log10(Math.min(...values)));
  const most = Math.max(least + 1, Math.ceil(Math.log10(Math.max(...values))));
  return {
    ticks: Array.from({ length: most - least + 1 }, (_, index) => 10 ** (least + index)),
    at: (value) => from + ((Math.log10(value) - least) / (most - least)) * (to - from),
  };
}

function short(value) {
  if (value >= 1e6) return `${trimmed(value / 1e6)}M`;
  if (value >= 1e3) return `${trimmed(value / 1e3)}k`;
  return trimmed(value);
}

function trimmed(value) {
  return String(Number(value.toPrecision(value >= 100 ? 3 : 2)));
}

function text(x, y, content, kind) {
  const escaped = content.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}"${kind === undefined ? "" : ` class="${kind}"`}>${escaped}</text>`;
}

function line(x1, y1, x2, y2) {
  const [a, b, c, d] = [x1, y1, x2, y2].map((value) => value.toFixed(1));
  return `<line class="grid" x1="${a}" y1="${b}" x2="${c}" y2="${d}"/>`;
}

function svg(height, title, parts) {
  const head = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${title}">`;
  return `${[head, STYLE, ...parts, "</svg>"].join("\n")}\n`;
}
