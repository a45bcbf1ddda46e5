// Clusters (kind "clusters"): a bar each; pointing shows typical texts, a click lists all of them.
import { decode } from "./host_library.js";
import { elide, rowsOf } from "./host_model.js";
import { axesOf, isNarrow, plotlyText } from "./host_figures.js";
import { factLine, labelled, make, setOptions, showReadout, textBlock } from "./host_panels.js";

const SHORT = 900; // pixels below which a bar's verdict is a mark alone

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
  twin: clustersTwin,
};

// Up and down between clusters, Enter for the texts of one.
export function keyedBars(host, event) {
  const bars = host.model.meta.clusters;
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step) {
    goTo(host, Math.max(0, Math.min(bars.length - 1, (host.at ?? (step > 0 ? -1 : 1)) + step)));
    reveal(host);
    showBar(host, bars[host.at]);
  } else if (event.key === "Enter" && bars[host.at]) host.selectRows(rowsOfCluster(host.model, bars[host.at].label));
  else return;
  event.preventDefault();
}

// Where the keyboard is, which the figure marks.
export function goTo(host, at) {
  host.at = at;
  host.change({ cursor: at });
}

// Scrolls to where the keyboard is, so that it lies above what is told of it.
export function reveal({ model, parts, at }) {
  const { yaxis } = parts.plot._fullLayout ?? {};
  const y = (model.layout.yaxis?.tickvals ?? decode(model.data[0].y))[at];
  if (!yaxis?._length || y === undefined) return;
  const mark = make("span", "wb-mark");
  mark.style.top = `${yaxis._offset + yaxis.d2p(y)}px`;
  mark.style.scrollMarginBlock = `24px ${parts.readout.offsetHeight + 24}px`;
  parts.overlay.append(mark);
  mark.scrollIntoView({ block: "nearest" });
  mark.remove();
}

// Names beside the bars; the one where the keyboard is stands out.
export function namesOf(bars, state, most) {
  return bars.map(({ name }, at) => {
    const text = plotlyText(name, isNarrow(state) ? most.narrow : most.wide);
    return at === state.cursor ? `<b>▸ ${text}</b>` : text;
  });
}

// A list to choose a cluster from, for the keyboard: it follows the selection.
export function controls(host) {
  const choose = make("select", "wb-cluster");
  choose.addEventListener("change", () => {
    if (choose.value) host.selectRows(rowsOfCluster(host.model, Number(choose.value)));
  });
  const nodes = [labelled("Show the texts of", choose)];
  let listed = null;
  return {
    nodes,
    show() {
      const all = everyCluster(host.model);
      if (listed !== host.model) {
        setOptions(choose, [["", "(choose a cluster)"], ...all.map(({ label, name, size }) => [String(label), `${elide(name, 40)} (${size})`])]);
        listed = host.model;
      }
      nodes[0].hidden = all.length === 0;
      const rows = rowsOf(host.model, host.state.selection);
      choose.value = String(clusterOf(host.model, rows) ?? ""); // arrow keys go on from here
    },
  };
}

// Those drawn, and after the bar of all smaller ones each of them.
function everyCluster({ meta }) {
  return [...(meta.clusters ?? []), ...(meta.smaller ?? [])];
}

// All that is known of each cluster: columns that no cluster has a value in are left out.
function clustersTwin(model) {
  const { meta, ids, texts } = model;
  if (!meta.clusters) return null;
  const names = new Map(everyCluster(model).map(({ label, name }) => [label, name]));
  const columns = [
    ["cluster", ({ name }) => name],
    ["texts", ({ size }) => size],
    ["share in %", ({ size }) => Math.round((1000 * size) / ids.length) / 10],
    ["mean cosine", ({ density }) => density],
    ["silhouette", ({ silhouette }) => silhouette],
    ["far out", ({ far }) => far],
    ["nearest cluster", ({ nearest: near }) => names.get(near?.[0]?.[0])],
    ["its cosine", ({ nearest: near }) => near?.[0]?.[1]],
    ["stability (Jaccard)", ({ jaccard }) => jaccard],
    ["from", ({ jaccard_low: low }) => low],
    ["to", ({ jaccard_high: high }) => high],
    ["verdict", ({ verdict }) => verdict],
    ["keywords", ({ keywords }) => keywords?.join(", ")],
    ["text", ({ exemplars }) => texts.text && exemplars.length ? elide(texts.text[exemplars[0]], 160) : undefined],
  ];
  const bars = everyCluster(model);
  const known = columns.filter(([, value], at) => at < 3 || bars.some((bar) => ![undefined, null, ""].includes(value(bar))));
  return { header: known.map(([head]) => head), rows: bars.map((bar) => known.map(([, value]) => value(bar))) };
}

function clustersFigure(model, state, theme) {
  const bars = model.meta.clusters;
  const color = bars.map(({ rank }) => colorOf(rank, state, theme));
  const counts = selectedPerBar(model, state);
  const dimmed = state.selection.size ? 0.35 : 1;
  const customdata = bars.map(({ label }) => label);
  const base = { ...model.data[0], uid: "bars", hoverinfo: "none", customdata, marker: { color, opacity: dimmed } };
  delete base.hovertemplate;
  const data = [base];
  if (state.width < SHORT) base.text = bars.map(({ size, mark }) => [size.toLocaleString("en"), mark].filter(Boolean).join(" "));
  if (state.selection.size) {
    const line = { color: theme.ink[state.mode], width: 1.5 };
    const text = counts.map((count) => (count ? count.toLocaleString("en") : ""));
    data.push({ ...base, uid: "selected", x: counts.map((count) => count || null), text, marker: { color, line } });
    base.text = bars.map(() => "");
  }
  const ticktext = namesOf(bars, state, { narrow: 16, wide: 44 });
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

// The rows of a cluster; of label -2 those of all that have no bar of their own.
export function rowsOfCluster(model, label) {
  const labels = model.texts.cluster ?? [];
  const own = new Set(model.meta.clusters.map((bar) => bar.label));
  const wanted = label === -2 ? (value) => !own.has(value) : (value) => value === label;
  return model.ids.map((_, row) => row).filter((row) => wanted(labels[row]));
}

// The label of the cluster whose texts these rows are, all of them; undefined when there is none.
function clusterOf(model, rows) {
  if (!rows.length) return undefined;
  const found = model.texts.cluster[rows[0]];
  const known = everyCluster(model).map(({ label }) => label);
  return [found, -2].filter((label) => known.includes(label)).find((label) => {
    const whole = rowsOfCluster(model, label);
    return whole.length === rows.length && whole.every((row, i) => row === rows[i]);
  });
}

// What is known of a cluster, its most typical texts, and those that stand apart in it.
export function showBar(host, bar) {
  if (!bar) return;
  const { model } = host;
  const percent = (100 * bar.size) / model.ids.length;
  const share = percent < 1 ? percent.toFixed(1) : Math.round(percent);
  const size = `${bar.size.toLocaleString("en")} ${bar.size === 1 ? "text" : "texts"}, ${share} %`;
  const name = make("div", "wb-facts", {}, make("bdi", "wb-value", { textContent: bar.name }), make("bdi", "", { textContent: size }));
  const facts = make("dl", "wb-pairs", {}, ...factsOf(bar).map(([about, value]) => factLine(about, value)));
  const blocks = [
    ...bar.exemplars.map((row) => textBlock(model, row, "typical")),
    ...(bar.outliers ?? []).map((row) => textBlock(model, row, "far out in it")),
  ];
  showReadout(host.parts, make("div", "wb-block", {}, name, facts, ...nearest(host, bar)), ...blocks);
}

function factsOf(bar) {
  const known = [
    ["mean cosine of its texts", bar.density],
    ["silhouette", bar.silhouette],
  ].filter(([, value]) => typeof value === "number");
  const facts = known.map(([about, value]) => [about, value.toFixed(2)]);
  if (typeof bar.far === "number") facts.push(["texts far out", bar.far.toLocaleString("en")]);
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
  const found = (bar.nearest ?? []).map(([label, cosine]) => [label, ` (${cosine?.toFixed(2) ?? "?"})`]);
  return clusterButtons(host, "nearest:", found);
}

// Clusters as buttons that select their texts: [[label, what to say after its name]].
export function clusterButtons(host, about, found) {
  const bars = new Map(everyCluster(host.model).map((one) => [one.label, one]));
  const buttons = found.filter(([label]) => bars.has(label)).map(([label, more]) => {
    const textContent = `${elide(bars.get(label).name, 40)}${more}`;
    const button = make("button", "wb-near-cluster", { type: "button", textContent, dir: "auto" });
    button.addEventListener("click", () => host.guard(() => host.selectRows(rowsOfCluster(host.model, label))));
    return button;
  });
  if (!buttons.length) return [];
  return [make("div", "wb-nearest", {}, make("span", "wb-hint", { textContent: about }), ...buttons)];
}
