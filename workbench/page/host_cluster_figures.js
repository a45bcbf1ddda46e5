// Figures about clusters: how far they hold ("stability"), the silhouettes of their texts
// ("silhouette"), and which would become one first ("hierarchy").
import { decode } from "./host_library.js";
import { rowsOf, shown } from "./host_model.js";
import { factLine, make, showReadout, textBlock } from "./host_panels.js";
import { isNarrow, plotlyText } from "./host_figures.js";
import { colorOf, controls, keyedBars, rowsOfCluster, showBar } from "./host_clusters.js";

const FAINT = 0.25;

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
    rows: model.meta.clusters.map((bar) => [bar.name, bar.size, bar.jaccard, bar.jaccard_low, bar.jaccard_high, bar.verdict]),
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
    showReadout(host.parts, textBlock(model, row, `silhouette ${shown(model.texts.silhouette?.[row])}`));
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
  hovered: (host, point) => { host.at = point.customdata; showNode(host); },
  clicked: (host, point) => host.selectRows(rowsOfNode(host.model, point.customdata)),
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
  const words = isNarrow(state) ? { annotations: [] } : {}; // they would overlap
  return { data, layout: { ...words, yaxis: namesOn(model.layout.yaxis, bars, state), margin: { l: 24, r: 16, t: 56, b: 40 } } };
}

function namesOn(yaxis, bars, state) {
  return { ...yaxis, ticktext: bars.map((bar) => plotlyText(bar.name, isNarrow(state) ? 14 : 44)) };
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
  const data = model.data.map((trace, at) => {
    const rows = [...decode(trace.customdata)];
    const opacity = chosen ? rows.map((row) => (chosen.has(row) ? 1 : FAINT)) : 1;
    const color = colorOf(trace.meta.rank, state, theme);
    return { ...trace, uid: `profile-${at}`, customdata: rows, hoverinfo: "none", hovertemplate: undefined, marker: { color, opacity, line: { width: 0 } } };
  });
  return { data, layout: { yaxis: namesOn(model.layout.yaxis, model.meta.clusters, state), margin: { l: 24, r: 16, t: 36, b: 44 } } };
}

// ---- hierarchy

function hierarchyFigure(model, state, theme) {
  const { nodes } = model.meta;
  const chosen = chosenClusters(model, state);
  const color = nodes.map(({ rank }) => colorOf(rank, state, theme));
  const opacity = nodes.map(({ clusters }) => (!chosen || clusters.some((label) => chosen.has(label)) ? 1 : FAINT));
  const text = nodes.map((node) => plotlyText(node.name || node.keywords.slice(0, 2).join(", "), isNarrow(state) ? 18 : 40));
  const customdata = nodes.map((_, at) => at);
  const data = [{ ...model.data[0], uid: "nodes", text, customdata, hoverinfo: "none", hovertemplate: undefined, marker: { color, opacity, line: { width: 0 } } }];
  return { data, layout: { margin: { l: 24, r: 16, t: 36, b: 44 } } };
}

function rowsOfNode(model, at) {
  const labels = new Set(model.meta.nodes[at].clusters);
  return model.ids.map((_, row) => row).filter((row) => labels.has(model.texts.cluster[row]));
}

function showNode(host) {
  const { model, at } = host;
  const node = model.meta.nodes[at];
  const bar = node.clusters.length === 1 && model.meta.clusters.find(({ label }) => label === node.clusters[0]);
  if (bar) return showBar(host, bar);
  const facts = [
    ["clusters", String(node.clusters.length)],
    ["texts", node.size.toLocaleString("en")],
    ["cosine at which they are one", node.similarity.toFixed(2)],
    ["keywords", node.keywords.join(", ") || "none: these are all texts"],
  ];
  const list = make("dl", "wb-pairs", {}, ...facts.map(([about, value]) => factLine(about, value)));
  return showReadout(host.parts, make("div", "wb-block", {}, list));
}

function keyedNodes(host, event) {
  const { nodes } = host.model.meta;
  const at = host.at ?? nodes.length - 1;
  const parts = nodes.map((node, place) => (node.parent === at ? place : -1)).filter((place) => place >= 0);
  const sibling = nodes.findIndex((node, place) => place !== at && node.parent >= 0 && node.parent === nodes[at].parent);
  const next = { ArrowLeft: nodes[at].parent, ArrowRight: parts[0] ?? -1, ArrowUp: sibling, ArrowDown: sibling }[event.key];
  if (event.key === "Enter") host.selectRows(rowsOfNode(host.model, at));
  else if (next === undefined) return;
  else {
    host.at = next < 0 ? at : next;
    showNode(host);
  }
  event.preventDefault();
}
