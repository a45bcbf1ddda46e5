// The points of a map: where they lie, which of many are drawn, which lie inside a drawn outline.
import { decode } from "./host_library.js";

// More than a browser draws smoothly; beyond it the picture is thinned.
export const MOST_POINTS = 20000;

// Reads the places of each panel: {axis: "" | "2" …, x, y} by row.
export function readPoints(model) {
  const count = model.ids.length;
  model.panels = (model.meta.panels ?? [{}]).map((panel, at) => ({
    ...panel,
    axis: at ? String(at + 1) : "",
    x: new Float32Array(count),
    y: new Float32Array(count),
  }));
  const byAxis = new Map(model.panels.map((panel) => [`x${panel.axis}`, panel]));
  for (const trace of model.data) {
    const panel = byAxis.get(trace.xaxis ?? "x");
    const [rows, x, y] = [trace.customdata, trace.x, trace.y].map(decode);
    for (let i = 0; panel && i < (rows ?? []).length; i += 1) {
      panel.x[rows[i]] = x[i];
      panel.y[rows[i]] = y[i];
    }
  }
  readTrust(model);
  model.order = count > MOST_POINTS ? shuffled(count) : null;
}

// What the view knows of how far the map can be trusted: real neighbours, doubtful texts.
function readTrust(model) {
  const { neighbors, doubtful } = model.meta;
  model.doubtful = doubtful ? decode(doubtful) : null;
  model.neighbors = neighbors ? decode(neighbors) : null;
  model.nearest = neighbors ? Number(String(neighbors.shape).split(",")[1]) : 0;
}

export function neighborsOf(model, row) {
  return model.neighbors ? [...model.neighbors.slice(row * model.nearest, (row + 1) * model.nearest)] : [];
}

// The rows in an order that is random, and always the same: any beginning of it is a fair sample.
function shuffled(count) {
  const keys = Uint32Array.from({ length: count }, (_, row) => mixed(row));
  return Uint32Array.from({ length: count }, (_, row) => row).sort((a, b) => keys[a] - keys[b]);
}

function mixed(number) {
  let bits = Math.imul(number ^ 0x9e3779b9, 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}

// Which rows are drawn: {mask, chosen: {drawn, inside}, others: {drawn, inside}}; a mask of null is
// everything. Of many within the viewport, on whichever panel, it is a fair sample of the chosen
// rows and one of the others, which keep half of the room if they need it.
export function drawnRows(model, viewport, chosen) {
  if (!model.order) return { mask: null };
  const seen = model.panels.map((panel) => insideOf(panel, viewport));
  const inside = model.order.filter((row) => seen.some((within) => within(row)));
  const first = chosen ? inside.filter((row) => chosen.has(row)) : [];
  const rest = chosen ? inside.filter((row) => !chosen.has(row)) : inside;
  const most = MOST_POINTS - Math.min(rest.length, MOST_POINTS / 2);
  const [some, others] = [first.slice(0, most), rest.slice(0, MOST_POINTS - Math.min(first.length, most))];
  const mask = new Uint8Array(model.ids.length);
  for (const rows of [some, others]) rows.forEach((row) => { mask[row] = 1; });
  return {
    mask,
    chosen: { drawn: some.length, inside: first.length },
    others: { drawn: others.length, inside: rest.length },
  };
}

function insideOf({ x, y }, viewport) {
  if (!viewport) return () => true;
  const [left, right] = [...viewport.x].sort((a, b) => a - b);
  const [bottom, top] = [...viewport.y].sort((a, b) => a - b);
  return (row) => x[row] >= left && x[row] <= right && y[row] >= bottom && y[row] <= top;
}

// The rows inside a lasso or a box of plotly's event: all of them, drawn or not.
export function rowsInside(model, event) {
  for (const panel of model.panels) {
    const [x, y] = [`x${panel.axis}`, `y${panel.axis}`];
    if (event.lassoPoints?.[x]) return inPolygon(panel, event.lassoPoints[x], event.lassoPoints[y]);
    if (event.range?.[x]) {
      const within = insideOf(panel, { x: event.range[x], y: event.range[y] });
      return model.ids.map((_, row) => row).filter(within);
    }
  }
  return [];
}

// Even-odd rule: a ray to the left crosses the outline an odd number of times.
function inPolygon({ x, y }, xs, ys) {
  const within = insideOf({ x, y }, { x: extentOf(xs), y: extentOf(ys) });
  const rows = [];
  for (let row = 0; row < x.length; row += 1) {
    if (!within(row)) continue;
    let odd = false;
    for (let i = 0, j = xs.length - 1; i < xs.length; j = i, i += 1) {
      const crosses = ys[i] > y[row] !== ys[j] > y[row];
      if (crosses && x[row] < ((xs[j] - xs[i]) * (y[row] - ys[i])) / (ys[j] - ys[i]) + xs[i]) odd = !odd;
    }
    if (odd) rows.push(row);
  }
  return rows;
}

// The least and the greatest of some arrays of numbers.
export function extentOf(...arrays) {
  const end = (better) => better(...arrays.map((values) => values.reduce((a, b) => better(a, b))));
  return [end(Math.min), end(Math.max)];
}
