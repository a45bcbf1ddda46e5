// A sweep over a parameter (kind "sweep"): curves over its values; a click adopts one.
import { shown } from "./host_model.js";
import { factLine, make, showReadout } from "./host_panels.js";
import { isNarrow } from "./host_figures.js";
import { goTo } from "./host_clusters.js";

export const sweepKind = {
  hint: "Point at a value to read what it gives; in a live widget a click shows its clusters. With the keyboard: arrow keys and Enter.",
  keys: "Values of the parameter: arrow keys and Enter",
  things: "values",
  bare: true,
  figure: sweepFigure,
  hovered: (host, point) => { host.at = point.customdata; showValue(host); },
  clicked: (host, point) => { host.at = point.customdata; adopt(host); },
  keyed(host, event) {
    const last = host.model.ids.length - 1;
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step) goTo(host, Math.max(0, Math.min(last, (host.at ?? -1) + step)));
    else if (event.key === "Enter" && host.at !== null) adopt(host);
    else return;
    showValue(host);
    event.preventDefault();
  },
};

function sweepFigure(model, state, theme) {
  const ink = theme.ink[state.mode];
  const chosen = (row) => state.selection.has(model.ids[row]);
  const rows = model.ids.map((_, row) => row);
  const data = model.data.map((trace, at) => {
    const color = theme.palette[state.mode][at];
    const size = rows.map((row) => (chosen(row) ? 15 : 9));
    const line = { color: ink, width: rows.map((row) => (chosen(row) ? 2 : 0)) };
    const own = { ...trace, uid: `curve-${at}`, customdata: rows, hoverinfo: "none", hovertemplate: undefined };
    return { ...own, marker: { color, size, line, opacity: 1 }, line: { color }, error_y: trace.error_y && { ...trace.error_y, color } };
  });
  const { xaxis, shapes } = model.layout;
  const crowded = isNarrow(state) && model.ids.join("").length + 2 * model.ids.length > 36;
  const ticks = crowded ? { tickangle: -60 } : {};
  const lines = (shapes ?? []).map((shape) => ({ ...shape, line: { ...shape.line, color: ink } }));
  if (state.cursor !== undefined) lines.push(cursorAt(state.cursor, ink));
  return { data, layout: { xaxis: { ...xaxis, ...ticks }, shapes: lines, margin: { l: 64, r: 16, t: 36, b: 48 } } };
}

// Where the keyboard is: a band behind all four curves.
function cursorAt(row, ink) {
  const sides = { x0: row - 0.3, x1: row + 0.3, y0: 0, y1: 1, yref: "paper" };
  return { type: "rect", layer: "below", ...sides, fillcolor: ink, opacity: 0.12, line: { width: 0 } };
}

function showValue(host) {
  const { model, at: row } = host;
  const known = (name) => shown(model.texts[name]?.[row]);
  const [low, high] = ["stability_low", "stability_high"].map(known);
  const facts = [
    [model.meta.parameter, model.ids[row]],
    ["clusters", known("clusters")],
    ["unclustered", `${Math.round(100 * model.texts.unclustered_share[row])} %`],
    ["silhouette", known("silhouette")],
    ["stability (adjusted Rand)", known("stability") && `${known("stability")} (${low} to ${high})`],
    ["notes", known("notes")],
  ].filter(([, value]) => value !== "");
  const best = model.meta.best === row ? [make("p", "wb-hint", { textContent: "This is the best value by the rule above." })] : [];
  const list = make("dl", "wb-pairs", {}, ...facts.map(([about, value]) => factLine(about, value)));
  showReadout(host.parts, make("div", "wb-block", {}, list, ...best, ...adoptButton(host)));
}

// Only where a kernel can show the clusters.
function adoptButton(host) {
  if (!host.asks("adopt")) return [];
  const button = make("button", "wb-adopt", { type: "button", textContent: "Show these clusters" });
  button.addEventListener("click", () => host.guard(() => adopt(host)));
  return [button];
}

// The value stays marked, and a kernel is asked for its clusters.
function adopt(host) {
  const id = host.model.ids[host.at];
  host.select([id]);
  host.ask("adopt", id);
}
