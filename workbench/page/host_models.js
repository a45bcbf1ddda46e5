// Figures of models: points or rows (kind "models") and a model × model matrix ("models-matrix").
// Their names reach plotly escaped, from Python; here they only enter the page as textContent.
import { decode } from "./host_library.js";
import { elide, rowsOf, shown } from "./host_model.js";
import { isNarrow, plotlyText } from "./host_figures.js";
import { factLine, make, showReadout } from "./host_panels.js";

// ---- points: each trace with `customdata` is a model, the others are what helps to read them

export function pointsFigure(model, state, theme) {
  const data = model.data.map((trace, at) => tracePainted(trace, `trace-${at}`, model, state, theme));
  return { data, layout: { ...legendBelow(model, state, data), ...notesBeside(model, state) } };
}

function tracePainted(trace, uid, model, state, theme) {
  const color = paintOf(trace.meta?.color, state.mode, theme);
  const own = { ...trace, uid, hoverinfo: trace.hoverinfo === "skip" ? "skip" : "none" };
  delete own.hovertemplate;
  if (trace.customdata) own.customdata = [...decode(trace.customdata)];
  if (trace.marker) own.marker = { ...trace.marker, color };
  if (trace.line) own.line = { ...trace.line, color };
  for (const name of ["error_x", "error_y"]) {
    if (trace[name]) own[name] = { ...trace[name], color };
  }
  const row = rowOfTrace(trace);
  const chosen = state.selection;
  if (row !== undefined && chosen.size && !chosen.has(model.ids[row])) own.opacity = 0.25;
  return own;
}

export function paintOf(color, mode, theme) {
  if (typeof color === "number") return theme.palette[mode][color % theme.palette[mode].length];
  return theme[color]?.[mode] ?? theme.ink[mode];
}

function rowOfTrace(trace) {
  const row = trace.customdata && decode(trace.customdata)[0];
  return typeof row === "number" ? row : undefined;
}

// Where there is no room beside the points, the legend stands below them, one line per model.
function legendBelow(model, state, data) {
  const { legend, xaxis } = model.layout;
  if (!legend || !isNarrow(state) || legend.orientation === "h") return {};
  const room = 40 + 20 * data.length;
  const few = xaxis.tickvals.map((_, at) => at).filter((at) => xaxis.tickvals.length < 7 || xaxis.ticktext[at].startsWith("1"));
  return {
    height: 340 + room,
    margin: { l: 24, r: 16, t: 36, b: 60 + room },
    legend: { ...legend, orientation: "v", x: 0, xanchor: "left", yref: "container", y: 0, yanchor: "bottom" },
    xaxis: { ...xaxis, tickvals: few.map((at) => xaxis.tickvals[at]), ticktext: few.map((at) => xaxis.ticktext[at]) },
  };
}

// The numbers beside a forest's rows leave when there is no room; pointing at a row tells them.
function notesBeside(model, state) {
  const { notes } = model.meta;
  if (!notes) return {};
  const margin = { l: 24, r: 16, t: 44, b: 24 };
  if (isNarrow(state)) return { annotations: [], margin, yaxis: { ...model.layout.yaxis, ...shortNames(model) } };
  return { margin: { ...margin, r: notes } };
}

function shortNames(model) {
  const middle = (name) => (name.length > 18 ? `${name.slice(0, 4)}…${name.slice(-13)}` : name);
  return { ticktext: model.meta.order.map((row) => plotlyText(middle(elide(model.ids[row], 400)), 18)) };
}

// ---- matrix

export function matrixFigure(model, state, theme) {
  const cells = { ...model.data[0], z: model.z, hoverinfo: "none", uid: "cells" };
  delete cells.hovertemplate;
  const data = [cells];
  const chosen = rowsOf(model, state.selection);
  if (chosen.length) data.push(pairMarks(model, chosen, state, theme));
  const { xaxis, yaxis } = model.layout;
  const names = isNarrow(state) ? { ticktext: model.ids.map((_, at) => String(at + 1)) } : {};
  return { data, layout: { xaxis, yaxis: { ...yaxis, ...names } } };
}

function pairMarks(model, rows, state, theme) {
  const [x, y] = [[], []];
  for (const row of rows) {
    for (const column of rows.length > 1 ? rows : [row]) {
      if (rows.length > 1 && row === column) continue;
      x.push(column);
      y.push(row);
    }
  }
  return {
    type: "scatter",
    mode: "markers",
    uid: "chosen",
    x,
    y,
    marker: { symbol: "square-open", size: 30, color: theme.vivid[state.mode], line: { width: 2.5 } },
    hoverinfo: "skip",
    showlegend: false,
  };
}

// ---- what a person does

// Returns the ids under the pointer: one model, or the two of a cell.
export function pointedModels(model, point) {
  if (model.kind === "models-matrix") return [model.ids[point.y], model.ids[point.x]];
  const id = model.ids[point.customdata];
  return id === undefined ? [] : [id];
}

export function showModels(parts, model, ids) {
  const rows = ids.map((id) => model.rowOf.get(id));
  if (model.kind === "models-matrix") return showReadout(parts, pairBlock(model, rows));
  return showReadout(parts, ...rows.map((row) => factsBlock(model, row)));
}

function factsBlock(model, row) {
  const facts = (model.meta.table ?? [])
    .filter((name) => shown(model.texts[name]?.[row]) !== "")
    .map((name) => factLine(name, shown(model.texts[name][row])));
  return make("div", "wb-block", {}, nameLine(model.ids[row]), make("dl", "wb-pairs", {}, ...facts));
}

function pairBlock(model, [row, column]) {
  const facts = model.meta.measures.map(({ name, values }) =>
    factLine(name, values[row][column] === null ? "undefined" : values[row][column].toFixed(3)),
  );
  const names = row === column ? model.ids[row] : `${model.ids[row]} and ${model.ids[column]}`;
  return make("div", "wb-block", {}, nameLine(names), make("dl", "wb-pairs", {}, ...facts));
}

function nameLine(text) {
  return make("div", "wb-value", { textContent: elide(text, 160), dir: "auto" });
}

// The next place for an arrow key: along the drawn rows, or over the cells; null for other keys.
export function stepModels(model, at, key) {
  const last = model.kind === "models" ? drawnRows(model).length - 1 : model.ids.length - 1;
  const [i, j] = at ?? [-1, 0];
  const within = (place) => Math.max(0, Math.min(last, place));
  const matrix = model.kind === "models-matrix";
  if (key === "ArrowUp" || (!matrix && key === "ArrowLeft")) return [within(i - 1), j];
  if (key === "ArrowDown" || (!matrix && key === "ArrowRight")) return [within(i + 1), j];
  if (key === "ArrowLeft") return [within(i), within(j - 1)];
  return key === "ArrowRight" ? [within(i), within(j + 1)] : null;
}

export function modelsAt(model, [i, j]) {
  if (model.kind === "models-matrix") return [model.ids[Math.max(0, i)], model.ids[j]];
  const row = drawnRows(model)[Math.max(0, i)];
  return row === undefined ? [] : [model.ids[row]];
}

function drawnRows(model) {
  return model.data.map(rowOfTrace).filter((row) => row !== undefined);
}
