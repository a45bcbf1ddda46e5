// A map (kind "map"): points that are texts, coloured, searched, pointed at and drawn around.
import { kindOf, rowsOf } from "./host_model.js";
import { labelled, make, showReadout, textBlock } from "./host_panels.js";
import { drawnRows, extentOf, neighborsOf, readPoints, rowsInside } from "./host_points.js";
import { plotlyText } from "./host_figures.js";
import { groupsOf } from "./host_groups.js";
import { showLegend } from "./host_legend.js";
import { showPointed } from "./host_over.js";
import { keyedMap, MAP_KEYS } from "./host_keys.js";
import { clearLabels, placeLabels } from "./host_labels.js";

const HINT = "Point at a text to read it; draw around texts to select them. With the keyboard: arrow keys and Enter.";
const NEIGHBORS = 10; // lines to more are a tangle

export const mapKind = {
  hint: HINT,
  keys: MAP_KEYS,
  colors: true,
  searches: true,
  read: readPoints,
  figure: mapFigure,
  controls,
  shown: (host) => { host.pointed = null; },
  drawn: showOver,
  moving: clearOver,
  moved: (host) => (host.model.order ? host.redraw() : showOver(host)),
  hovered(host, point) {
    const row = point.customdata;
    if (!(row in host.model.ids)) return;
    showReadout(host.parts, textBlock(host.model, row, trustOf(host.model, row)));
    markPointed(host, row);
    host.hover(host.model.ids[row]);
  },
  pointed: (host, id) => markPointed(host, id === null ? null : host.model.rowOf.get(id)),
  clicked(host, point) {
    const id = host.model.ids[point.customdata];
    if (id !== undefined) host.select([id], { toggle: true });
  },
  lassoed: (host, event) => host.selectRows(rowsInside(host.model, event)),
  keyed: keyedMap,
};

// ---- controls and legend

function controls(host) {
  const fade = checkbox(host, "doubtful");
  const names = checkbox(host, "labels");
  const fields = { fade: labelled("Fade doubtful texts", fade), names: labelled("Labels", names) };
  for (const field of Object.values(fields)) field.classList.add("wb-check");
  fields.fade.title = "Most of the texts drawn next to a doubtful one are not its nearest in truth";
  const legend = make("div", "wb-legend", { role: "group", "aria-label": "Legend" });
  host.parts.aside.append(legend);
  return {
    nodes: [fields.fade, fields.names],
    show() {
      const { model, state, theme } = host;
      fields.fade.hidden = !model.doubtful;
      fade.checked = Boolean(state.options.doubtful);
      fields.names.hidden = !model.meta.labels?.length;
      names.checked = state.options.labels !== false;
      const column = columnOf(model, state);
      const groups = groupsOf(model, column, state, theme);
      const chosen = new Set(rowsOf(model, state.selection));
      const choose = (rows) => host.guard(() => host.selectRows(rows, { toggle: true }));
      legend.hidden = groups.length < 2;
      // What has values stands on the scale of colours.
      showLegend(legend, column, groups.length < 2 ? [] : groups.filter(({ values }) => !values), chosen, choose, model.ids.length);
    },
  };
}

function checkbox(host, name) {
  const box = make("input", `wb-option-${name}`, { type: "checkbox" });
  box.addEventListener("change", () => host.guard(() => host.option(name, box.checked)));
  return box;
}

// ---- figure

function columnOf(model, state) {
  return kindOf(model, state.colorBy) ? state.colorBy : "";
}

export function mapFigure(model, state, theme) {
  const chosen = emphasised(model, state);
  const { mask, ...counts } = drawnRows(model, state.viewport, chosen);
  model.thinned = mask ? { ...counts, word: state.selection.size ? "selected" : "found" } : null;
  const groups = groupsOf(model, columnOf(model, state), state, theme)
    .map((group, place) => ({ ...within(group, mask), place }))
    .flatMap((group) => faded(model, group, state));
  const hits = (state.hits ?? []).filter((row) => !mask || mask[row]);
  const ringed = hits.length && hits.length < model.ids.length ? hits : [];
  const data = model.panels.flatMap((panel) => [
    ...groups.map((group) => pointTrace(model, group, panel, chosen)),
    ...(ringed.length ? [rings(model, ringed, panel, state, theme)] : []),
  ]);
  return { data, layout: { showlegend: false, ...wholeOf(model, state) } };
}

// What is thinned must not decide how far the map reaches.
function wholeOf(model, { viewport }) {
  if (!model.order || viewport) return {};
  const { xaxis, yaxis } = model.layout;
  const reach = (side) => {
    const [low, high] = extentOf(...model.panels.map((panel) => panel[side]));
    return [low - 0.05 * (high - low), high + 0.05 * (high - low)];
  };
  return {
    xaxis: { ...xaxis, range: reach("x"), autorange: false },
    yaxis: { ...yaxis, range: reach("y"), autorange: false },
  };
}

function within(group, mask) {
  if (!mask) return group;
  const kept = group.rows.map((row, i) => (mask[row] ? i : -1)).filter((i) => i >= 0);
  return picked(group, kept);
}

function picked(group, places) {
  const values = group.values && places.map((i) => group.values[i]);
  return { ...group, rows: places.map((i) => group.rows[i]), values };
}

// Splits a group in the texts that can be trusted and the doubtful ones, which stand back.
function faded(model, group, { options }) {
  if (!options.doubtful || !model.doubtful) return [group];
  const places = [[], []];
  group.rows.forEach((row, i) => places[model.doubtful[row]].push(i));
  const behind = picked(group, places[1]);
  const marker = { ...group.marker, opacity: 0.1, showscale: false };
  return [picked(group, places[0]), { ...behind, marker, behind: true }];
}

// Rows that stand out while the others are dimmed: the selection, else what was searched.
function emphasised(model, state) {
  const rows = state.selection.size ? rowsOf(model, state.selection) : state.hits;
  return rows && new Set(rows);
}

function pointTrace(model, group, panel, chosen) {
  const own = model.data[0]?.marker ?? {};
  // One scale for all panels.
  const color = group.values ? { color: group.values, showscale: group.marker.showscale && !panel.axis } : {};
  const selectedpoints = chosen
    ? group.rows.map((row, i) => (chosen.has(row) ? i : -1)).filter((i) => i >= 0)
    : null;
  return {
    type: "scattergl",
    mode: "markers",
    name: plotlyText(group.name, 40),
    uid: `points-${group.place}${group.behind ? "-doubtful" : ""}-${panel.axis || 1}`,
    xaxis: `x${panel.axis}`,
    yaxis: `y${panel.axis}`,
    x: Float32Array.from(group.rows, (row) => panel.x[row]),
    y: Float32Array.from(group.rows, (row) => panel.y[row]),
    customdata: group.rows,
    marker: { size: own.size ?? 6, opacity: own.opacity ?? 0.8, ...group.marker, ...color },
    selectedpoints,
    selected: { marker: { opacity: 1 } },
    unselected: { marker: { opacity: 0.1 } },
    hoverinfo: "none",
    showlegend: false,
  };
}

function rings(model, rows, panel, state, theme) {
  return {
    type: "scattergl",
    mode: "markers",
    name: "matches",
    uid: `matches${panel.axis}`,
    xaxis: `x${panel.axis}`,
    yaxis: `y${panel.axis}`,
    x: Float32Array.from(rows, (row) => panel.x[row]),
    y: Float32Array.from(rows, (row) => panel.y[row]),
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

// ---- what lies over the points

// The layers, one for each thing that is drawn again on its own.
function layersOf(host) {
  const { overlay } = host.parts;
  if (!overlay.firstChild) {
    overlay.append(
      make("div", "wb-layer wb-labels"),
      make("div", "wb-layer"),
      make("output", "wb-map-note", { "aria-live": "polite", hidden: true }),
    );
  }
  const [names, lines, note] = overlay.children;
  return { names, lines, note };
}

function showOver(host) {
  const { names, note } = layersOf(host);
  const { model, state } = host;
  const said = [
    model.thinned ? thinnedText(model) : "",
    state.options.doubtful ? model.meta.quality ?? "" : "",
  ].filter(Boolean);
  note.hidden = said.length === 0;
  note.textContent = said.join(" ");
  if (model.meta.labels?.length && state.options.labels !== false) placeLabels(names, labelsOf(model), areaOf(host));
  else clearLabels(names);
  markPointed(host, host.pointed);
}

// What is drawn of many texts; nothing when all of them are.
function thinnedText({ thinned: { chosen, others, word }, ids }) {
  const inside = chosen.inside + others.inside;
  if (chosen.drawn + others.drawn === inside) return "";
  const where = inside < ids.length ? " here" : "";
  const most = ({ drawn, inside: all }) => `${drawn.toLocaleString("en")} of ${all.toLocaleString("en")}`;
  const what = chosen.inside ? `${most(chosen)} ${word} texts and ${most(others)} others` : `${most(others)} texts`;
  return `${what}${where} are drawn, a random sample. Zoom in for all; a lasso selects all inside.`;
}

function clearOver(host) {
  const { names, lines } = layersOf(host);
  clearLabels(names);
  lines.replaceChildren();
}

function labelsOf({ meta }) {
  return meta.labels.map(({ x, y, level, size, words }) => ({ x, y, level, size, text: words.join(", ") }));
}

function areaOf(host) {
  const { xaxis, yaxis } = host.parts.plot._fullLayout;
  return {
    toPixel: (x, y) => [xaxis._offset + xaxis.l2p(x), yaxis._offset + yaxis.l2p(y)],
    left: xaxis._offset,
    top: yaxis._offset,
    width: xaxis._length,
    height: yaxis._length,
  };
}

// Marks the text that somebody points at, here or on a linked figure, and its real neighbours.
function markPointed(host, row) {
  host.pointed = row ?? null;
  const { lines } = layersOf(host);
  if (!host.drawn || host.pointed === null) return lines.replaceChildren();
  return showPointed(host, lines, row, neighborsOf(host.model, row).slice(0, NEIGHBORS));
}

function trustOf(model, row) {
  const share = model.texts.real_share?.[row];
  return typeof share === "number" ? `${Math.round(100 * share)} % of the texts drawn nearest are real neighbours` : "";
}
