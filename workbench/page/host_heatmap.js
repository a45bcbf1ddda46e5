// A heatmap (kind "heatmap"): a matrix whose cells are pairs of texts, read with mouse or arrow keys.
import { decode } from "./host_library.js";
import { rowsOf } from "./host_model.js";
import { heightOf, isNarrow } from "./host_figures.js";
import { heatmapSummary, heatmapTwin } from "./host_heatmap_table.js";
import { make, showReadout } from "./host_panels.js";
import { markedBlock, rarity, reader, sharedLine, sharedWords, underOthers } from "./host_pairs.js";

const TINY = 420; // pixels; below, there is no room beside the cells
const MARK = 0.007; // half the width of a mark, of the matrix' side

// The point that is nowhere makes plotly offer a box to select with: the cells alone it takes for a
// picture. It is the same at each drawing: plotly compares.
export const BOX_POINT = { type: "scatter", mode: "markers", x: [null], y: [null], hoverinfo: "skip", showlegend: false };

export const heatmapKind = {
  hint: "Point at a cell to read both texts; click to keep the pair; draw a box to select the texts of its cells. With the keyboard: arrow keys and Enter.",
  keys: "Matrix of similarities: arrow keys and Enter",
  read: readCells,
  figure: heatmapFigure,
  marks: heatmapMarks,
  shown: showPinned,
  drawn: (host) => { host.parts.plot.style.minHeight = `${matrixHeight(host.model, host.state)}px`; },
  twin: heatmapTwin,
  summary: heatmapSummary,
  hovered: (host, point) => pointCell(host, point.y, point.x),
  clicked: (host, point) => pin(host, [point.y, point.x]),
  lassoed: boxed,
  keyed,
  reread: (host) => { if (host.at) showCell(host, ...host.at); },
};

export function readCells(model) {
  const { rows, columns } = model.meta;
  const width = columns.length;
  model.z = linesOf(model.data[0].z, rows.length, width);
  model.others = (model.meta.also ?? []).map(({ z, ...said }) => ({ ...said, z: linesOf(z, rows.length, width) }));
  model.besides = model.data.slice(1).map((trace) => ({ ...trace, x: decode(trace.x), y: decode(trace.y) }));
  model.placeOfRow = new Map(rows.map((row, place) => [row, place]));
  model.placeOfColumn = new Map(columns.map((row, place) => [row, place]));
}

function linesOf(array, height, width) {
  const flat = decode(array);
  if (Array.isArray(flat)) return flat;
  return Array.from({ length: height }, (_, i) => flat.subarray(i * width, (i + 1) * width));
}

function valueOf(model, i, j) {
  return reader(model.meta)(model.z[i][j]);
}

// The similarity in a cell, as a string with no more digits than were stored.
function similarity(model, i, j) {
  const { coded, value_range: [low, high] } = model.meta;
  return valueOf(model, i, j).toFixed(coded ? (high - low > 20 ? 1 : 2) : 4);
}

function heatmapFigure(model, state, theme) {
  const cells = { ...model.data[0], z: model.z, hoverinfo: "none", colorbar: { ...model.data[0].colorbar } };
  delete cells.hovertemplate;
  if (isNarrow(state)) delete cells.colorbar.title;
  const data = [cells, ...besides(model, state, theme), BOX_POINT];
  const shapes = heatmapMarks(model, state, theme);
  const height = matrixHeight(model, state);
  return { data, layout: { showlegend: false, height, shapes, modebar: boxOnly(state, theme), ...heatmapAxes(model, state, theme) } };
}

function heatmapMarks(model, state, theme) {
  return marked(model, selectedPlaces(model, state), state, theme);
}

// A box selects; there are no points for a lasso.
export function boxOnly(state, theme) {
  const { modebar } = theme.templates[state.mode].layout;
  return { ...modebar, remove: [...modebar.remove, "lasso2d"] };
}

// On a narrow page the cells are small: no more height than they and their margins need.
export function matrixHeight(model, state) {
  const whole = heightOf(model);
  if (!isNarrow(state)) return whole;
  const tall = (model.z.length + (model.meta.tree_height ?? 0)) / model.z[0].length;
  return Math.round(Math.max(Math.min(whole, 300), Math.min(whole, 0.75 * state.width * tall + 80)));
}

// The distribution beside the cells and the tree above them; on a telephone the cells matter more.
function besides(model, state, theme) {
  return model.besides.flatMap((trace) => {
    const part = trace.meta?.part;
    if (part === "histogram") return isTiny(state) ? [] : [{ ...trace, uid: part }];
    if (part === "baseline" && isTiny(state)) return [];
    return [{ ...trace, uid: part, line: { ...trace.line, color: theme.ink[state.mode] } }];
  });
}

function selectedPlaces(model, state) {
  const rows = rowsOf(model, state.selection);
  const places = (map) => rows.map((row) => map.get(row)).filter((place) => place !== undefined);
  return { rows: places(model.placeOfRow), columns: places(model.placeOfColumn) };
}

// The shapes of a matrix and its marks: the selected texts just outside the cells, on the left and
// at the bottom, and the pair that is kept. Of traces plotly would draw the cells with them, each time.
export function marked(model, places, state, theme, margin = 0) {
  const edges = { type: "path", name: "selected", path: edgePath(model, places, state, margin), fillrule: "nonzero", fillcolor: theme.ink[state.mode], line: { width: 0 } };
  return [
    ...(model.layout.shapes ?? []),
    ...(edges.path ? [edges] : []),
    ...(state.cell ? [cellMark(state.cell, state, theme)] : []),
  ];
}

// A triangle for each place, in the matrix' own coordinates.
function edgePath(model, { rows, columns }, state, margin) {
  const size = Math.max(model.z.length, model.z[0].length);
  const half = (isNarrow(state) ? 2 : 1) * MARK * size;
  const [off, long] = [0.014 * size + 0.3 + margin - half, 1.7 * half];
  const bottom = model.z.length - 1 + off;
  return [
    ...rows.map((i) => `M${-off},${i}L${-off - long},${i - half}L${-off - long},${i + half}Z`),
    ...columns.map((j) => `M${j},${bottom}L${j - half},${bottom + long}L${j + half},${bottom + long}Z`),
  ].join("");
}

function cellMark([i, j], state, theme) {
  const pixels = { xsizemode: "pixel", ysizemode: "pixel", xanchor: j, yanchor: i, x0: -7, x1: 7, y0: -7, y1: 7 };
  return { type: "rect", name: "cell", ...pixels, line: { color: theme.vivid[state.mode], width: 2.5 } };
}

function heatmapAxes(model, state, theme) {
  const pad = 0.03 * Math.max(model.z.length, model.z[0].length) + 0.5;
  const full = {
    x: [-pad, model.z[0].length - 0.5],
    y: [model.z.length - 1 + pad, -0.5 - (model.meta.tree_height ?? 0)],
  };
  const { x = full.x, y = full.y } = state.viewport ?? {};
  const { xaxis, yaxis } = model.layout;
  const narrow = isNarrow(state) ? { showticklabels: false } : {};
  return {
    margin: marginOf(model.layout, state, theme),
    xaxis: { ...xaxis, ...narrow, range: x, autorange: false, ...(isTiny(state) ? { domain: [0, 1] } : {}) },
    yaxis: { ...yaxis, ...narrow, range: y, autorange: false, automargin: false },
    ...barAxes(model.layout, state),
  };
}

// The room for names and bars. plotly's automargin would draw all the cells again, up to twice, to find it.
function marginOf({ yaxis, xaxis2 }, state, theme) {
  const { font, yaxis: axis } = theme.templates[state.mode].layout;
  const pencil = document.createElement("canvas").getContext("2d");
  pencil.font = `${axis.tickfont.size}px ${font.family}`;
  const names = isNarrow(state) ? [] : (yaxis?.ticktext ?? []);
  // Signs that would be markup in plotly's text are numbers there.
  const widths = names.map((name) => pencil.measureText(name.replace(/&#\d+;/g, "M")).width);
  return { l: Math.ceil(Math.max(16, ...widths)) + 8, r: 16, t: 36, b: xaxis2 && !isTiny(state) ? 42 : 24 };
}

function isTiny(state) {
  return state.width > 0 && state.width < TINY;
}

function barAxes({ xaxis2, yaxis2 }, state) {
  const how = isTiny(state) ? { visible: false } : { automargin: false };
  return xaxis2 ? { xaxis2: { ...xaxis2, ...how }, yaxis2: { ...yaxis2, ...how } } : {};
}

// ---- what a person does

function pointCell(host, i, j) {
  const row = showCell(host, i, j);
  if (row !== undefined) host.hover(host.model.ids[row]);
}

// Tells of a cell; returns the row of its text, undefined where there is none.
function showCell(host, i, j) {
  const { model, parts } = host;
  const { rows, columns, metric } = model.meta;
  if (!model.z[i] || model.z[i][j] === undefined) return undefined;
  host.at = [i, j];
  const itself = rows[i] === columns[j];
  const rare = rarity(model, valueOf(model, i, j));
  const said = itself ? "the text with itself" : rare;
  const value = `${metric} ${similarity(model, i, j)}${said ? `, ${said}` : ""}`;
  const words = sharedWords(host, rows[i], columns[j]);
  const held = host.state.cell ? [...host.state.cell] : null;
  const kept = held && !(held[0] === i && held[1] === j) ? [cellLine(model, held, "kept: ")] : [];
  showReadout(
    parts,
    make("div", "wb-value", { textContent: value }),
    ...underOthers(model, i, j),
    markedBlock(model, rows[i], words),
    ...(itself ? [] : [markedBlock(model, columns[j], words)]),
    ...sharedLine(words),
    ...kept,
  );
  return rows[i];
}

function cellLine(model, [i, j], before) {
  const { rows, columns, metric } = model.meta;
  const text = `${before}${model.ids[rows[i]]} and ${model.ids[columns[j]]}, ${metric} ${similarity(model, i, j)}`;
  return make("div", "wb-hint", { textContent: text });
}

function pin(host, [i, j]) {
  const { model, state } = host;
  const ids = [model.ids[model.meta.rows[i]], model.ids[model.meta.columns[j]]];
  const again = state.cell && state.cell[0] === i && state.cell[1] === j;
  host.control(again ? { cell: null, pinned: null } : { cell: [i, j], pinned: ids });
  host.select(again ? [] : ids, { keepPinned: true });
  pointCell(host, i, j);
}

// Selects the texts of the rows and columns that a box touches.
function boxed(host, { range }) {
  if (!range?.x || !range?.y) return;
  const { rows, columns } = host.model.meta;
  host.selectRows([...new Set([...touched(range.y, rows.length).map((i) => rows[i]), ...touched(range.x, columns.length).map((j) => columns[j])])]);
}

// The places, of so many, that the side of a box touches.
export function touched(ends, count) {
  const [first, last] = [...ends].sort((a, b) => a - b).map(Math.round);
  return Array.from({ length: count }, (_, place) => place).slice(Math.max(0, first), Math.max(0, last + 1));
}

// Finds the pinned pair's cell in this order of the texts.
function showPinned(host) {
  const { model, state } = host;
  const [row, column] = state.pinned ? state.pinned.map((id) => model.rowOf.get(id)) : [];
  const cell = [model.placeOfRow.get(row), model.placeOfColumn.get(column)];
  state.cell = cell.includes(undefined) ? null : cell;
  if (state.cell) showCell(host, ...state.cell);
}

export const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

function keyed(host, event) {
  const [i, j] = host.at ?? [0, 0];
  if (event.key in STEPS) {
    const [down, right] = STEPS[event.key];
    const height = host.model.z.length - 1;
    const width = host.model.z[0].length - 1;
    pointCell(host, Math.max(0, Math.min(height, i + down)), Math.max(0, Math.min(width, j + right)));
  } else if (event.key === "Enter") pin(host, [i, j]);
  else return;
  event.preventDefault();
}
