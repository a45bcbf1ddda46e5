// From a model and its state to plotly's data and layout. Nothing here touches the page.
import { categories, elide, kindOf, rowsOf, scale } from "./host_model.js";

const NARROW = 620;

export function figureOf(model, state, theme) {
  const build = { map: mapFigure, heatmap: heatmapFigure, clusters: clustersFigure }[model.kind];
  const { data, layout } = (build ?? plainFigure)(model, state, theme);
  return { data, layout: { ...baseLayout(model, state, theme), ...layout } };
}

export function configOf(model) {
  return {
    displaylogo: false,
    showSendToCloud: false,
    plotlyServerURL: "",
    displayModeBar: true,
    responsive: false,
    modeBarButtonsToRemove:
      ["clusters", "models", "models-matrix"].includes(model.kind)
        ? ["zoom2d", "pan2d", "select2d", "lasso2d", "zoomIn2d", "zoomOut2d", "autoScale2d", "resetScale2d"]
        : [],
    plotGlPixelRatio: Math.min(2, window.devicePixelRatio || 1),
  };
}

export function baseLayout(model, state, theme) {
  const layout = { ...model.layout };
  for (const name of ["title", "width", "selections"]) delete layout[name];
  return {
    ...layout,
    template: theme.templates[state.mode],
    autosize: true,
    height: heightOf(model),
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    margin: { l: 24, r: 16, t: 36, b: 24 },
    dragmode: state.dragmode ?? layout.dragmode,
    ...axes(layout, state),
  };
}

export function heightOf(model) {
  return (model.layout.height ?? 480) - (model.layout.title?.text ? 40 : 0);
}

function axes(layout, state) {
  const { x, y } = state.viewport ?? {};
  const axis = (own, range) => (range ? { ...own, range, autorange: false } : { ...own });
  return { xaxis: axis(layout.xaxis, x), yaxis: axis(layout.yaxis, y) };
}

export function isNarrow(state) {
  return state.width > 0 && state.width < NARROW;
}

// plotly reads pseudo-HTML, and TeX where a page has MathJax, in all it draws.
export function plotlyText(text, most) {
  return elide(text, most)
    .replace(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "")
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\ufffe\uffff]/g, "\ufffd")
    .replace(/[&<>$]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

// ---- map

function mapFigure(model, state, theme) {
  const column = kindOf(model, state.colorBy) ? state.colorBy : "";
  const groups = groupsOf(model, column, state, theme);
  const chosen = emphasised(model, state);
  const legend = groups.filter((group) => !group.scaled).length > 0 && groups.length > 1;
  const data = groups.map((group) => pointTrace(model, group, chosen, legend));
  const ringed = state.hits ?? [];
  if (ringed.length && ringed.length < model.ids.length) data.push(rings(model, ringed, state, theme));
  return { data, layout: { showlegend: legend, legend: legendOf(column, state) } };
}

function legendOf(column, state) {
  const below = { orientation: "h", x: 0, y: -0.03, yanchor: "top", xanchor: "left" };
  return {
    title: { text: isNarrow(state) ? "" : plotlyText(column, 30) },
    uirevision: column,
    ...(isNarrow(state) ? below : {}),
  };
}

// Rows that stand out while the others are dimmed: the selection, else what was searched.
function emphasised(model, state) {
  const rows = state.selection.size ? rowsOf(model, state.selection) : state.hits;
  return rows && new Set(rows);
}

function groupsOf(model, column, state, theme) {
  const palette = theme.palette[state.mode];
  const muted = theme.muted[state.mode];
  const kind = kindOf(model, column);
  if (!kind) {
    const rows = model.ids.map((_, row) => row);
    return [{ name: "texts", rows, marker: { color: palette[0] } }];
  }
  if (kind !== "category") return scaleGroups(model, column, kind === "date", theme, muted);
  return categories(model, column, theme.most).map((group) => ({
    ...group,
    marker:
      group.rank >= 0
        ? {
            color: palette[group.rank % palette.length],
            symbol: theme.symbols[Math.floor(group.rank / palette.length)],
          }
        : { color: muted, ...(group.rank === -2 ? { opacity: 0.4 } : {}) },
  }));
}

function scaleGroups(model, column, dates, theme, muted) {
  const { present, missing, values } = scale(model, column, dates);
  const colorbar = { title: { text: plotlyText(column, 30), font: { size: 12 } }, thickness: 12 };
  if (dates && values.length) Object.assign(colorbar, dateTicks(values));
  const marker = { color: values, colorscale: theme.colorscale, showscale: true, colorbar };
  const groups = [{ name: column, rows: present, marker, scaled: true }];
  if (missing.length) {
    groups.push({ name: "(none)", rows: missing, marker: { color: muted, opacity: 0.4 }, scaled: true });
  }
  return groups;
}

function dateTicks(values) {
  const low = values.reduce((a, b) => Math.min(a, b));
  const high = values.reduce((a, b) => Math.max(a, b));
  const tickvals = [0, 1, 2, 3, 4].map((i) => low + (i / 4) * (high - low));
  return { tickvals, ticktext: tickvals.map((tick) => new Date(tick).toISOString().slice(0, 10)) };
}

function pointTrace(model, group, chosen, legend) {
  const own = model.data[0]?.marker ?? {};
  const opacity = own.opacity ?? 0.8;
  const selectedpoints = chosen
    ? group.rows.map((row, i) => (chosen.has(row) ? i : -1)).filter((i) => i >= 0)
    : null;
  return {
    type: "scattergl",
    mode: "markers",
    name: plotlyText(group.name, 40),
    uid: uidOf(group.name),
    x: Float32Array.from(group.rows, (row) => model.x[row]),
    y: Float32Array.from(group.rows, (row) => model.y[row]),
    customdata: group.rows,
    marker: { size: own.size ?? 6, opacity, ...group.marker },
    selectedpoints,
    selected: { marker: { opacity: 1 } },
    unselected: { marker: { opacity: 0.1 } },
    hoverinfo: "none",
    showlegend: legend && !group.scaled,
  };
}

// plotly looks traces up by uid in a CSS selector, so it may hold letters and digits only.
function uidOf(name) {
  return `points-${Array.from(name, (sign) => sign.codePointAt(0).toString(36)).join("-")}`;
}

function rings(model, rows, state, theme) {
  return {
    type: "scattergl",
    mode: "markers",
    name: "matches",
    uid: "matches",
    x: Float32Array.from(rows, (row) => model.x[row]),
    y: Float32Array.from(rows, (row) => model.y[row]),
    marker: {
      symbol: "circle-open",
      size: (model.data[0]?.marker?.size ?? 6) + 6,
      color: theme.ink[state.mode],
      line: { width: 1.5 },
    },
    selected: { marker: { opacity: 1 } },
    unselected: { marker: { opacity: 1 } },
    hoverinfo: "skip",
    showlegend: false,
  };
}

// ---- heatmap

function heatmapFigure(model, state, theme) {
  const cells = { ...model.data[0], z: model.z, hoverinfo: "none" };
  delete cells.hovertemplate;
  const data = [cells];
  const places = selectedPlaces(model, state);
  if (places.rows.length || places.columns.length) data.push(edgeMarks(model, places, state, theme));
  if (state.cell) data.push(cellMark(state.cell, state, theme));
  return { data, layout: { showlegend: false, ...heatmapAxes(model, state) } };
}

function selectedPlaces(model, state) {
  const rows = rowsOf(model, state.selection);
  const places = (map) => rows.map((row) => map.get(row)).filter((place) => place !== undefined);
  return { rows: places(model.placeOfRow), columns: places(model.placeOfColumn) };
}

// Selected texts are marked just outside the cells, on the left and at the bottom.
function edgeMarks(model, { rows, columns }, state, theme) {
  const off = 0.014 * Math.max(model.z.length, model.z[0].length) + 0.3;
  const bottom = model.z.length - 1 + off;
  return {
    type: "scatter",
    mode: "markers",
    x: [...rows.map(() => -off), ...columns],
    y: [...rows, ...columns.map(() => bottom)],
    marker: {
      symbol: [...rows.map(() => "triangle-right"), ...columns.map(() => "triangle-up")],
      size: 7,
      color: theme.ink[state.mode],
    },
    cliponaxis: false,
    hoverinfo: "skip",
    showlegend: false,
  };
}

function cellMark([i, j], state, theme) {
  return {
    type: "scatter",
    mode: "markers",
    x: [j],
    y: [i],
    marker: { symbol: "square-open", size: 13, color: theme.vivid[state.mode], line: { width: 2.5 } },
    hoverinfo: "skip",
    showlegend: false,
  };
}

function heatmapAxes(model, state) {
  const pad = 0.03 * Math.max(model.z.length, model.z[0].length) + 0.5;
  const full = {
    x: [-pad, model.z[0].length - 0.5],
    y: [model.z.length - 1 + pad, -0.5],
  };
  const { x = full.x, y = full.y } = state.viewport ?? {};
  const { xaxis, yaxis } = model.layout;
  const narrow = isNarrow(state) ? { showticklabels: false } : {};
  return {
    xaxis: { ...xaxis, ...narrow, range: x, autorange: false },
    yaxis: { ...yaxis, ...narrow, range: y, autorange: false },
  };
}

// ---- clusters

function clustersFigure(model, state, theme) {
  const bars = model.meta.clusters;
  const palette = theme.palette[state.mode];
  const color = bars.map(({ rank }) =>
    rank >= 0 && rank < theme.most ? palette[rank % palette.length] : theme.muted[state.mode],
  );
  const counts = selectedPerBar(model, state);
  const dimmed = state.selection.size ? 0.35 : 1;
  const base = { ...model.data[0], uid: "bars", hoverinfo: "none", marker: { color, opacity: dimmed } };
  delete base.hovertemplate;
  const data = [{ ...base, customdata: bars.map((bar) => bar.label) }];
  if (state.selection.size) {
    data.push({
      ...base,
      uid: "selected",
      x: counts,
      customdata: bars.map((bar) => bar.label),
      text: counts.map((count) => (count ? String(count) : "")),
      marker: { color, line: { color: theme.ink[state.mode], width: 1.5 } },
    });
    data[0].text = bars.map(() => "");
  }
  const most = isNarrow(state) ? 16 : 44;
  const ticktext = bars.map((bar) => plotlyText(bar.name, most));
  const { xaxis, yaxis } = axes(model.layout, state);
  return { data, layout: { barmode: "overlay", xaxis, yaxis: { ...yaxis, ticktext } } };
}

function selectedPerBar(model, state) {
  const labels = model.texts.cluster;
  const own = new Map(model.meta.clusters.map((bar, place) => [bar.label, place]));
  const counts = model.meta.clusters.map(() => 0);
  for (const row of rowsOf(model, state.selection)) {
    const place = own.get(labels[row]) ?? own.get(-2);
    if (place !== undefined) counts[place] += 1;
  }
  return counts;
}

// ---- anything else: as it was made

function plainFigure(model, state) {
  return { data: model.data, layout: axes(model.layout, state) };
}
