// A map (kind "map"): points that are texts, coloured, searched, pointed at and drawn around.
import { decode } from "./host_library.js";
import { categories, kindOf, rowsOf, scale } from "./host_model.js";
import { isNarrow, plotlyText } from "./host_figures.js";
import { showReadout, textBlock } from "./host_panels.js";

export const mapKind = {
  hint: "Point at a text to read it; draw around texts to select them.",
  colors: true,
  searches: true,
  read: readPoints,
  figure: mapFigure,
  hovered(host, point) {
    const row = point.customdata;
    if (!(row in host.model.ids)) return;
    showReadout(host.parts, textBlock(host.model, row));
    host.hover(host.model.ids[row]);
  },
  clicked(host, point) {
    const id = host.model.ids[point.customdata];
    if (id === undefined) return;
    const next = host.shift ? new Set(host.state.selection) : new Set();
    if (host.shift && next.has(id)) next.delete(id);
    else next.add(id);
    host.select(next);
  },
  lassoed(host, event) {
    const rows = event.points.map((point) => point.customdata).filter((row) => typeof row === "number");
    const ids = new Set(rows.map((row) => host.model.ids[row]));
    host.select(host.shift ? new Set([...host.state.selection, ...ids]) : ids);
  },
};

function readPoints(model) {
  const count = model.ids.length;
  model.x = new Float32Array(count);
  model.y = new Float32Array(count);
  for (const trace of model.data) {
    const [rows, x, y] = [trace.customdata, trace.x, trace.y].map(decode);
    for (let i = 0; i < (rows ?? []).length; i += 1) {
      model.x[rows[i]] = x[i];
      model.y[rows[i]] = y[i];
    }
  }
}

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

