// Clusters (kind "clusters"): a bar each; pointing shows typical texts, a click lists all of them.
import { elide, rowsOf } from "./host_model.js";
import { axesOf, isNarrow, plotlyText } from "./host_figures.js";
import { factLine, labelled, make, setOptions, showReadout, textBlock } from "./host_panels.js";

export const clustersKind = {
  hint: "Point at a cluster to see what it is about; click to list all its texts. With the keyboard: arrow keys and Enter.",
  keys: "Clusters: arrow keys and Enter",
  searches: true,
  bare: true,
  figure: clustersFigure,
  controls,
  hovered: (host, point) => showBar(host, host.model.meta.clusters[point.pointNumber]),
  clicked: (host, point) => host.selectRows(rowsOfCluster(host.model, point.customdata)),
  keyed: keyedBars,
};

// Up and down between clusters, Enter for the texts of one.
export function keyedBars(host, event) {
  const bars = host.model.meta.clusters;
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) {
    host.at = Math.max(0, Math.min(bars.length - 1, (host.at ?? (step > 0 ? -1 : 1)) + step));
    showBar(host, bars[host.at]);
  } else if (event.key === "Enter" && bars[host.at]) host.selectRows(rowsOfCluster(host.model, bars[host.at].label));
  else return;
  event.preventDefault();
}

// A list to choose a cluster from, for the keyboard: it follows the selection.
export function controls(host) {
  const choose = make("select", "wb-cluster");
  choose.addEventListener("change", () => {
    if (choose.value) host.selectRows(rowsOfCluster(host.model, Number(choose.value)));
  });
  const nodes = [labelled("Show the texts of", choose)];
  return {
    nodes,
    show() {
      const bars = host.model.meta.clusters;
      setOptions(choose, [
        ["", "(choose a cluster)"],
        ...bars.map((bar) => [String(bar.label), `${elide(bar.name, 40)} (${bar.size})`]),
      ]);
      nodes[0].hidden = bars.length === 0;
      const rows = rowsOf(host.model, host.state.selection);
      choose.value = String(clusterOf(host.model, rows) ?? ""); // arrow keys go on from here
    },
  };
}

function clustersFigure(model, state, theme) {
  const bars = model.meta.clusters;
  const color = bars.map(({ rank }) => colorOf(rank, state, theme));
  const counts = selectedPerBar(model, state);
  const dimmed = state.selection.size ? 0.35 : 1;
  const base = { ...model.data[0], uid: "bars", hoverinfo: "none", marker: { color, opacity: dimmed } };
  delete base.hovertemplate;
  const data = [{ ...base, customdata: bars.map((bar) => bar.label) }];
  if (isNarrow(state)) data[0].text = bars.map((bar) => bar.size.toLocaleString("en")); // there is no room for more
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
  const { xaxis, yaxis } = axesOf(model.layout, state);
  return { data, layout: { barmode: "overlay", xaxis, yaxis: { ...yaxis, ticktext } } };
}

// The colour that the map gives a cluster.
export function colorOf(rank, { mode }, theme) {
  const palette = theme.palette[mode];
  return rank >= 0 && rank < theme.most ? palette[rank % palette.length] : theme.muted[mode];
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

export function rowsOfCluster(model, label) {
  const labels = model.texts.cluster ?? [];
  const own = new Set(model.meta.clusters.map((bar) => bar.label));
  const wanted = label === -2 ? (value) => !own.has(value) : (value) => value === label;
  return model.ids.map((_, row) => row).filter((row) => wanted(labels[row]));
}

// The label of the cluster whose texts these rows are, all of them; null when there is none.
function clusterOf(model, rows) {
  if (!rows.length) return null;
  const found = model.texts.cluster[rows[0]];
  const label = model.meta.clusters.some((bar) => bar.label === found) ? found : -2;
  const whole = rowsOfCluster(model, label);
  return whole.length === rows.length && whole.every((row, i) => row === rows[i]) ? label : null;
}

// What is known of a cluster, its most typical texts, and those that stand apart in it.
export function showBar(host, bar) {
  if (!bar) return;
  const { model } = host;
  const share = Math.round((100 * bar.size) / model.ids.length);
  const size = `${bar.size.toLocaleString("en")} ${bar.size === 1 ? "text" : "texts"}, ${share} %`;
  const name = make("div", "wb-facts", {}, make("bdi", "wb-value", { textContent: bar.name }), make("bdi", "", { textContent: size }));
  const facts = make("dl", "wb-pairs", {}, ...factsOf(bar).map(([about, value]) => factLine(about, value)));
  const blocks = [
    ...bar.exemplars.map((row) => textBlock(model, row, "typical")),
    ...(bar.outliers ?? []).map((row) => textBlock(model, row, "far out")),
  ];
  showReadout(host.parts, make("div", "wb-block", {}, name, facts, ...nearest(host, bar)), ...blocks);
}

function factsOf(bar) {
  const known = [
    ["mean cosine of its texts", bar.density],
    ["silhouette", bar.silhouette],
  ].filter(([, value]) => typeof value === "number");
  const facts = known.map(([about, value]) => [about, value.toFixed(2)]);
  if (typeof bar.jaccard === "number") facts.push(["stability (Jaccard)", heldText(bar)]);
  if (bar.keywords?.length) facts.push(["keywords", bar.keywords.join(", ")]);
  return facts;
}

function heldText({ jaccard, jaccard_low: low, jaccard_high: high, verdict }) {
  const interval = typeof low === "number" ? ` (${low.toFixed(2)} to ${high.toFixed(2)})` : "";
  return `${verdict}, ${jaccard.toFixed(2)}${interval}`;
}

// The clusters next to it, each a button that selects its texts.
function nearest(host, bar) {
  const bars = new Map(host.model.meta.clusters.map((one) => [one.label, one]));
  const known = (bar.nearest ?? []).filter(([label]) => bars.has(label));
  if (!known.length) return [];
  const buttons = known.map(([label, cosine]) => {
    const textContent = `${elide(bars.get(label).name, 40)} (${cosine?.toFixed(2) ?? "?"})`;
    const button = make("button", "wb-near-cluster", { type: "button", textContent, dir: "auto" });
    button.addEventListener("click", () => host.guard(() => host.selectRows(rowsOfCluster(host.model, label))));
    return button;
  });
  return [make("div", "wb-nearest", {}, make("span", "wb-hint", { textContent: "nearest:" }), ...buttons)];
}
