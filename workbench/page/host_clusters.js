// Clusters (kind "clusters"): a bar each; pointing shows typical texts, a click lists all of them.
import { elide, rowsOf } from "./host_model.js";
import { axesOf, isNarrow, plotlyText } from "./host_figures.js";
import { labelled, make, setOptions, showReadout, textBlock } from "./host_panels.js";

export const clustersKind = {
  hint: "Point at a cluster to see its most typical texts; click to list all of them.",
  searches: true,
  bare: true,
  figure: clustersFigure,
  controls,
  hovered: (host, point) => showCluster(host, point.pointNumber),
  clicked: (host, point) => host.selectRows(rowsOfCluster(host.model, point.customdata)),
};

// A list to choose a cluster from, for the keyboard: it follows the selection.
function controls(host) {
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
  const { xaxis, yaxis } = axesOf(model.layout, state);
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


function rowsOfCluster(model, label) {
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

function showCluster(host, place) {
  const bar = host.model.meta.clusters[place];
  const share = ((100 * bar.size) / host.model.ids.length).toFixed(0);
  const name = make("div", "wb-facts", {}, make("bdi", "", { textContent: bar.name }), make("bdi", "", { textContent: `${bar.size} texts, ${share} %` }));
  showReadout(host.parts, make("div", "wb-block", {}, name), ...bar.exemplars.map((row) => textBlock(host.model, row)));
}

