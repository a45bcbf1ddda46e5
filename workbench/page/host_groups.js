// The groups of a map's points that share a trace and an entry of the legend.
import { categories, kindOf, NONE, scale } from "./host_model.js";
import { plotlyText } from "./host_figures.js";
import { extentOf } from "./host_points.js";

const FEW_DAYS = 5 * 24 * 3600 * 1000; // milliseconds

// Returns [{name, rows, marker, color, symbol, faint}], or one with `values` for a colour scale.
export function groupsOf(model, column, state, theme) {
  const muted = theme.muted[state.mode];
  const kind = kindOf(model, column);
  if (!kind) {
    const rows = model.ids.map((_, row) => row);
    return [{ name: "texts", rows, marker: { color: theme.palette[state.mode][0] } }];
  }
  if (kind !== "category") return scaleGroups(model, column, kind === "date", theme, muted);
  return named(model, column, theme).map((group) => {
    const look = lookOf(group.rank, theme.palette[state.mode], theme.symbols, muted);
    return { ...group, ...look, marker: { color: look.color, symbol: look.symbol, ...(look.faint ? { opacity: 0.4 } : {}) } };
  });
}

// Sorting a column into categories takes a while at 100,000 texts: once per column.
function named(model, column, theme) {
  const values = model.texts[column === "cluster" ? "cluster_name" : column];
  model.groups ??= new Map();
  const kept = model.groups.get(column);
  if (kept?.values === values) return kept.groups;
  const groups = categories(model, column, theme.most);
  model.groups.set(column, { values, groups });
  return groups;
}

function lookOf(rank, palette, symbols, muted) {
  if (rank < 0) return { color: muted, symbol: "circle", faint: rank === -2 };
  return { color: palette[rank % palette.length], symbol: symbols[Math.floor(rank / palette.length)] };
}

function scaleGroups(model, column, dates, theme, muted) {
  const { present, missing, values } = scale(model, column, dates);
  const colorbar = { title: { text: plotlyText(column, 30), font: { size: 12 } }, thickness: 12, len: 0.9 };
  const [cmin, cmax] = values.length ? extentOf(values) : [0, 1];
  if (dates && values.length) Object.assign(colorbar, dateTicks(cmin, cmax));
  const marker = { colorscale: theme.colorscale, showscale: true, colorbar, cmin, cmax };
  const groups = [{ name: column, rows: present, values, marker }];
  if (missing.length) {
    groups.push({ name: NONE, rows: missing, color: muted, faint: true, marker: { color: muted, opacity: 0.4 } });
  }
  return groups;
}

function dateTicks(low, high) {
  const tickvals = [0, 1, 2, 3, 4].map((i) => low + (i / 4) * (high - low));
  const said = (tick) => new Date(tick).toISOString().replace("T", " ");
  const signs = high - low < FEW_DAYS ? 16 : 10; // with or without the time
  const ticks = new Map(tickvals.map((tick) => [said(tick).slice(0, signs), tick]));
  return { tickvals: [...ticks.values()], ticktext: [...ticks.keys()] };
}
