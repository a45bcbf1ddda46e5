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

// Which rows are drawn: all, or of those within the viewport a fair sample, the chosen ones first.
// Returns {mask, drawn, inside}; a mask of null is everything.
export function drawnRows(model, viewport, chosen) {
  const count = model.ids.length;
  if (!model.order) return { mask: null, drawn: count, inside: count };
  const within = insideOf(model.panels[0], viewport);
  const mask = new Uint8Array(count);
  let drawn = 0;
  let inside = 0;
  const take = (row) => {
    if (mask[row] || drawn >= MOST_POINTS || !within(row)) return;
    mask[row] = 1;
    drawn += 1;
  };
  for (const row of chosen ?? []) take(row);
  for (const row of model.order) {
    if (within(row)) inside += 1;
    take(row);
  }
  return { mask, drawn, inside };
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

export function extentOf(values) {
  return [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))];
}
