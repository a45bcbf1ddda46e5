// Figures about clusters: how far they hold ("stability"), the silhouettes of their texts
// ("silhouette"), and which would become one first ("hierarchy").
import { decode } from "./host_library.js";
import { rowsOf, shown } from "./host_model.js";
import { factLine, make, showReadout, textBlock } from "./host_panels.js";
import { isNarrow, plotlyText } from "./host_figures.js";
import { clusterButtons, colorOf, controls, goTo, keyedBars, namesOf, reveal, rowsOfCluster, showBar } from "./host_clusters.js";

const FAINT = 0.25;
const MOST_PARTS = 12; // clusters of a box that are named

export const stabilityKind = {
  hint: "Point at a cluster to see what it is about; click to list its texts. With the keyboard: arrow keys and Enter.",
  keys: "Stability of clusters: arrow keys and Enter",
  bare: true,
  figure: stabilityFigure,
  controls,
  hovered: (host, point) => showBar(host, host.model.meta.clusters[point.pointNumber]),
  clicked: (host, point) => host.selectRows(rowsOfCluster(host.model, point.customdata)),
  keyed: keyedBars,
  twin: (model) => ({
    header: ["cluster", "texts", "Jaccard", "from", "to", "verdict"],
    rows: [...model.meta.clusters, ...model.meta.smaller].map((bar) => [bar.name, bar.size, bar.jaccard, bar.jaccard_low, bar.jaccard_high, bar.verdict]),
  }),
};

export const silhouetteKind = {
  hint: "Point at a bar to read its text; click to list the texts of its cluster. With the keyboard: arrow keys and Enter.",
  keys: "Silhouettes by cluster: arrow keys and Enter",
  searches: true,
  bare: true,
  figure: silhouetteFigure,
  controls: silhouetteControls,
  hovered(host, point) {
    const { model } = host;
    const row = point.customdata;
    const { each } = model.meta;
    const among = each > 1 ? `, in the middle of ${each} texts` : "";
    showReadout(host.parts, textBlock(model, row, `silhouette ${shown(model.texts.silhouette?.[row])}${among}`));
    host.hover(model.ids[row]);
  },
  clicked: (host, point) => host.selectRows(rowsOfCluster(host.model, host.model.texts.cluster[point.customdata])),
  keyed: keyedBars,
};

export const hierarchyKind = {
  hint: "Point at a box to see what its clusters share; click to list all its texts. With the keyboard: arrow keys and Enter.",
  keys: "Hierarchy of clusters: left to the parent, right to the parts, up and down to the next, Enter",
  bare: true,
  figure: hierarchyFigure,
  hovered: (host, point) => showNode(host, point.customdata),
  clicked(host, point) {
    goTo(host, point.customdata); // the arrow keys go on from here
    host.selectRows(rowsOfNode(host.model, point.customdata));
  },
  keyed: keyedNodes,
  twin: (model) => ({
    header: ["clusters", "texts", "cosine", "keywords"],
    rows: model.meta.nodes.map((node) => [node.name || `${node.clusters.length} clusters`, node.size, node.similarity, node.keywords.join(", ")]),
  }),
};

// ---- stability

function stabilityFigure(model, state, theme) {
  const bars = model.meta.clusters;
  const chosen = chosenClusters(model, state);
  const color = bars.map(({ rank }) => colorOf(rank, state, theme));
  const opacity = bars.map(({ label }) => (!chosen || chosen.has(label) ? 1 : FAINT));
  const [points] = model.data;
  const error = { ...points.error_x, color: theme.ink[state.mode], thickness: 1.25 };
  const data = [{ ...points, uid: "held", hoverinfo: "none", hovertemplate: undefined, marker: { ...points.marker, color, opacity }, error_x: error }];
  const upright = { textangle: -90, yanchor: "bottom" }; // side by side they would overlap
  const annotations = model.layout.annotations.map((one) => (isNarrow(state) ? { ...one, ...upright } : one));
  const margin = { l: 24, r: 16, t: isNarrow(state) ? 110 : 56, b: 40 };
  return { data, layout: { annotations, yaxis: namesOn(model.layout.yaxis, bars, state), margin } };
}

function namesOn(yaxis, bars, state) {
  return { ...yaxis, ticktext: namesOf(bars, state, { narrow: 14, wide: 44 }) };
}

// The clusters of the selected texts; null when nothing is selected.
function chosenClusters(model, state) {
  if (!state.selection.size) return null;
  return new Set(rowsOf(model, state.selection).map((row) => model.texts.cluster[row]));
}

// ---- silhouette

function silhouetteControls(host) {
  const list = controls(host);
  const button = make("button", "wb-misplaced", { type: "button" });
  button.addEventListener("click", () => host.guard(() => host.selectRows(host.model.meta.misplaced ?? [])));
  return {
    nodes: [...list.nodes, button],
    show() {
      list.show();
      const count = host.model.meta.misplaced?.length ?? 0;
      button.hidden = count === 0;
      button.textContent = `Select the ${count.toLocaleString("en")} below 0`;
    },
  };
}

function silhouetteFigure(model, state, theme) {
  const chosen = state.selection.size ? new Set(rowsOf(model, state.selection)) : null;
  const ink = theme.ink[state.mode];
  const data = model.data.map((trace, at) => {
    const parts = chosen ? partsOf(model, trace) : [];
    const rows = [...decode(trace.customdata)];
    const opacity = chosen ? parts.map((part) => (part.some((row) => chosen.has(row)) ? 1 : FAINT)) : 1;
    const color = colorOf(trace.meta.rank, state, theme);
    return { ...trace, uid: `profile-${at}`, customdata: rows, hoverinfo: "none", hovertemplate: undefined, marker: { color, opacity, line: { width: 0 } } };
  });
  const shapes = (model.layout.shapes ?? []).map((shape) => ({ ...shape, line: { ...shape.line, color: ink } }));
  return { data, layout: { shapes, yaxis: namesOn(model.layout.yaxis, model.meta.clusters, state), margin: { l: 24, r: 16, t: 48, b: 44 } } };
}

// The rows of the texts that each bar of a cluster stands for, by falling silhouette.
function partsOf(model, trace) {
  const count = decode(trace.customdata).length;
  const { each } = model.meta;
  model.parts ??= new Map();
  if (!model.parts.has(trace.meta.label)) {
    const values = model.texts.silhouette;
    const rows = rowsOfCluster(model, trace.meta.label).sort((a, b) => values[b] - values[a] || a - b);
    const part = (at) => rows.slice(at * each, at === count - 1 ? rows.length : (at + 1) * each);
    model.parts.set(trace.meta.label, Array.from({ length: count }, (_, at) => part(at)));
  }
  return model.parts.get(trace.meta.label);
}

// ---- hierarchy

function hierarchyFigure(model, state, theme) {
  const { nodes } = model.meta;
  const chosen = chosenClusters(model, state);
  const ink = theme.ink[state.mode];
  const { paper_bgcolor: paper, xaxis } = theme.templates[state.mode].layout;
  const isCluster = ({ clusters }) => clusters.length === 1;
  const color = nodes.map((node) => (isCluster(node) ? colorOf(node.rank, state, theme) : xaxis.gridcolor));
  const opacity = nodes.map(({ clusters }) => (!chosen || clusters.some((label) => chosen.has(label)) ? 1 : FAINT));
  const text = nodes.map((node) => plotlyText(node.name || node.keywords.slice(0, 2).join(", "), isNarrow(state) ? 15 : 40));
  const line = { color: nodes.map((_, at) => (at === state.cursor ? ink : paper)), width: nodes.map((_, at) => (at === state.cursor ? 3 : 1)) };
  const customdata = nodes.map((_, at) => at);
  const data = [{ ...model.data[0], uid: "nodes", text, customdata, hoverinfo: "none", hovertemplate: undefined, insidetextfont: { color: color.map((one, at) => (opacity[at] === 1 ? inkOn(one) : ink)) }, marker: { color, opacity, line } }];
  return { data, layout: { margin: { l: 24, r: 16, t: 36, b: 44 } } };
}

// Black or white, whichever is read better on a colour: by its luminance (WCAG 2).
function inkOn(color) {
  const linear = [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16) / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  const luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  return luminance > 0.179 ? "#000000" : "#ffffff";
}

function rowsOfNode(model, at) {
  const labels = new Set(model.meta.nodes[at].clusters);
  return model.ids.map((_, row) => row).filter((row) => labels.has(model.texts.cluster[row]));
}

function showNode(host, at) {
  const { model } = host;
  const node = model.meta.nodes[at];
  const bar = node.clusters.length === 1 && [...model.meta.clusters, ...model.meta.smaller].find(({ label }) => label === node.clusters[0]);
  if (bar) return showBar(host, bar);
  const facts = [
    ["clusters", String(node.clusters.length)],
    ["texts", node.size.toLocaleString("en")],
    ["cosine at which they are one", node.similarity.toFixed(2)],
    ["keywords", node.keywords.join(", ") || "none: these are all texts"],
  ];
  const list = make("dl", "wb-pairs", {}, ...facts.map(([about, value]) => factLine(about, value)));
  const parts = clusterButtons(host, "its clusters:", node.clusters.slice(0, MOST_PARTS).map((label) => [label, ""]));
  return showReadout(host.parts, make("div", "wb-block", {}, list, ...parts));
}

function keyedNodes(host, event) {
  const { nodes } = host.model.meta;
  const at = host.at ?? nodes.length - 1;
  const next = { ArrowLeft: () => nodes[at].parent, ArrowRight: () => firstPart(nodes, at), ArrowUp: () => besides(nodes, at, -1), ArrowDown: () => besides(nodes, at, 1) }[event.key];
  if (event.key === "Enter") host.selectRows(rowsOfNode(host.model, at));
  else if (!next) return;
  else {
    const found = next();
    goTo(host, found < 0 ? at : found);
    reveal(host);
    showNode(host, host.at);
  }
  event.preventDefault();
}

// The upper of a box' two parts; -1 for a cluster.
function firstPart(nodes, at) {
  const parts = nodes.map((_, place) => place).filter((place) => nodes[place].parent === at);
  return parts.sort((a, b) => nodes[a].low - nodes[b].low)[0] ?? -1;
}

// The box below or above that begins nearest to where this one does; -1 where there is none.
function besides(nodes, at, step) {
  const ends = ({ low, clusters }) => low + clusters.length;
  const touches = (node) => (step > 0 ? node.low === ends(nodes[at]) : ends(node) === nodes[at].low);
  const far = (place) => Math.abs(nodes[place].from - nodes[at].from);
  const places = nodes.map((_, place) => place).filter((place) => touches(nodes[place]));
  return places.sort((a, b) => far(a) - far(b))[0] ?? -1;
}
