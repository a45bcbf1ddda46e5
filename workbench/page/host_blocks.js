// Blocks of many texts (kind "blocks"): a cell is the mean similarity of two groups of texts.
import { decode } from "./host_library.js";
import { elide, rowsOf } from "./host_model.js";
import { isNarrow } from "./host_figures.js";
import { make, showReadout, textBlock } from "./host_panels.js";
import { BOX_POINT, boxOnly, marked, matrixHeight, STEPS, touched } from "./host_heatmap.js";

const HINT = "Point at a cell to read what its two groups are about; ";
const OPENS = "click to open their texts in full. With the keyboard: arrow keys and Enter.";
const SELECTS = "click to select and list their texts (to open them in full takes a notebook). With the keyboard: arrow keys and Enter.";

export const blocksKind = {
  hint: `${HINT}click it for their texts. With the keyboard: arrow keys and Enter.`,
  keys: "Matrix of groups of texts: arrow keys and Enter",
  read: readBlocks,
  figure: blocksFigure,
  marks: blocksMarks,
  shown: showHint,
  drawn: (host) => { host.parts.plot.style.minHeight = `${matrixHeight(host.model, host.state)}px`; },
  hovered: (host, point) => pointBlocks(host, point.y, point.x),
  clicked: (host, point) => choose(host, point.y, point.x),
  lassoed: boxed,
  keyed,
  twin: blocksTwin,
};

function readBlocks(model) {
  const { blocks, column_blocks: columns, labels_of: labels } = model.meta;
  const flat = decode(model.data[0].z);
  const width = (columns ?? blocks).length;
  model.z = Array.isArray(flat) ? flat : blocks.map((_, i) => flat.subarray(i * width, (i + 1) * width));
  model.blockOf = decode(labels);
  // Each text's block is one of these: those of rows, then those of columns where they are others.
  model.every = [...blocks, ...(columns ?? [])];
  model.firstColumn = columns ? blocks.length : 0;
}

// A kernel opens a cell; a page without one lists its texts.
function showHint(host) {
  const hint = make("p", "wb-hint", { textContent: HINT + (host.asks("open_block") ? OPENS : SELECTS) });
  showReadout(host.parts, hint);
}

function blocksFigure(model, state, theme) {
  const cells = { ...model.data[0], z: model.z, hoverinfo: "none", hoverongaps: true };
  delete cells.hovertemplate;
  if (isNarrow(state)) cells.colorbar = { ...cells.colorbar, title: {} };
  const shapes = blocksMarks(model, state, theme);
  return { data: [cells, BOX_POINT], layout: { showlegend: false, height: matrixHeight(model, state), shapes, modebar: boxOnly(state, theme), ...blockAxes(model, state) } };
}

function blocksMarks(model, state, theme) {
  return marked(model, selectedPlaces(model, state), state, theme, 0.5);
}

// The blocks that hold selected texts are marked just outside the cells.
function selectedBlocks(model, state) {
  return [...new Set(rowsOf(model, state.selection).map((row) => model.blockOf[row]))];
}

function selectedPlaces(model, state) {
  const held = selectedBlocks(model, state);
  const columns = held.map((block) => block - model.firstColumn).filter((place) => place >= 0);
  return { rows: held.filter((block) => block < model.z.length), columns };
}

function blockAxes(model, state) {
  const [height, width] = [model.z.length, model.z[0].length];
  const pad = 0.03 * Math.max(height, width) + 0.5;
  const { x = [-0.5 - pad, width - 0.5], y = [height - 0.5 + pad, -0.5] } = state.viewport ?? {};
  const narrow = isNarrow(state) ? { showticklabels: false } : {};
  return {
    xaxis: { ...model.layout.xaxis, ...narrow, range: x, autorange: false },
    yaxis: { ...model.layout.yaxis, ...narrow, range: y, autorange: false },
  };
}

// ---- what a person does

function pointBlocks(host, i, j) {
  const { model, parts } = host;
  const value = model.z[i]?.[j];
  if (value === undefined) return;
  host.at = [i, j];
  const said = Number.isFinite(value) ? `mean ${model.meta.metric} ${value.toFixed(3)}` : "one text: nothing to compare it with";
  const places = new Set([i, j + model.firstColumn]);
  showReadout(parts, make("div", "wb-value", { textContent: said }), ...[...places].flatMap((place) => about(model, place)));
}

function about(model, place) {
  const { name, size, exemplars } = model.every[place];
  const count = `${size.toLocaleString("en")} ${size === 1 ? "text" : "texts"}`;
  const head = make("div", "wb-facts", {}, make("bdi", "wb-value", { textContent: elide(name, 60) }), make("bdi", "", { textContent: count }));
  return [head, ...exemplars.map((row) => textBlock(model, row, "typical"))];
}

function choose(host, i, j) {
  pointBlocks(host, i, j);
  if (host.asks("open_block")) host.ask("open_block", [i, j]);
  else host.selectRows(rowsOfBlocks(host.model, [i, j + host.model.firstColumn]));
}

function boxed(host, { range }) {
  if (!range?.x || !range?.y) return;
  const { z, firstColumn } = host.model;
  const places = [...touched(range.y, z.length), ...touched(range.x, z[0].length).map((j) => j + firstColumn)];
  host.selectRows(rowsOfBlocks(host.model, places));
}

function rowsOfBlocks(model, places) {
  const rows = [];
  model.blockOf.forEach((block, row) => { if (places.includes(block)) rows.push(row); });
  return rows;
}

function keyed(host, event) {
  const [i, j] = host.at ?? [0, 0];
  const { z } = host.model;
  const within = (place, count) => Math.max(0, Math.min(count - 1, place));
  if (event.key in STEPS) {
    const [down, right] = host.at ? STEPS[event.key] : [0, 0];
    pointBlocks(host, within(i + down, z.length), within(j + right, z[0].length));
    host.change({ cell: host.at });
  } else if (event.key === "Enter") choose(host, i, j);
  else return;
  event.preventDefault();
}

// Each group, how alike its texts are, and the group that it is most similar to.
function blocksTwin(model) {
  const { blocks, column_blocks: others } = model.meta;
  const columns = others ?? blocks;
  const rows = blocks.map(({ name, size, exemplars }, i) => {
    const known = columns.map((_, j) => j).filter((j) => (others || j !== i) && Number.isFinite(model.z[i][j]));
    const near = known.reduce((best, j) => (best === null || model.z[i][j] > model.z[i][best] ? j : best), null);
    const own = others || !Number.isFinite(model.z[i][i]) ? null : model.z[i][i];
    const next = near === null ? [null, null] : [columns[near].name, model.z[i][near]];
    return [name, size, own, ...next, model.texts.text?.[exemplars[0]]];
  });
  return { header: ["group", "texts", "mean cosine within", "most similar group", "mean cosine", "text"], rows };
}
