// A sweep over a parameter (kind "sweep"): curves over its values; a click adopts one.
import { shown } from "./host_model.js";
import { factLine, make, showReadout } from "./host_panels.js";
import { isNarrow } from "./host_figures.js";

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
    if (step) host.at = Math.max(0, Math.min(last, (host.at ?? -1) + step));
    else if (event.key === "Enter" && host.at !== null) adopt(host);
    else return;
    showValue(host);
    host.redraw();
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
    return { ...own, marker: { color, size, line }, line: { color }, error_y: trace.error_y && { ...trace.error_y, color } };
  });
  const { xaxis, shapes } = model.layout;
  const ticks = isNarrow(state) ? { tickangle: -60 } : {};
  const lines = (shapes ?? []).map((shape) => ({ ...shape, line: { ...shape.line, color: ink } }));
  return { data, layout: { xaxis: { ...xaxis, ...ticks }, shapes: lines, margin: { l: 64, r: 16, t: 24, b: 48 } } };
}

function showValue(host) {
  const { model } = host;
  const row = host.at;
  const names = [["", model.meta.parameter, model.ids[row]]];
  for (const name of ["clusters", "unclustered_share", "silhouette", "stability", "stability_low", "stability_high", "notes"]) {
    const value = shown(model.texts[name]?.[row]);
    if (value !== "") names.push(["", name.replace("_", " "), value]);
  }
  const best = model.meta.best === row ? [make("p", "wb-hint", { textContent: "This is the best value by the rule above." })] : [];
  const list = make("dl", "wb-pairs", {}, ...names.map(([, about, value]) => factLine(about, value)));
  showReadout(host.parts, make("div", "wb-block", {}, list, ...best));
}

// The value stays marked, and a kernel is asked for its clusters.
function adopt(host) {
  const id = host.model.ids[host.at];
  host.select([id]);
  host.ask("adopt", id);
}
