// Pairs of similar texts by score ("pairs"), and precision and recall by threshold ("thresholds").
import { decode } from "./host_library.js";
import { elide } from "./host_model.js";
import { factLine, make, showReadout } from "./host_panels.js";
import { goTo } from "./host_clusters.js";
import { paintOf } from "./host_models.js";

const LETTERS = 280; // of a text that is read beside another

export const pairsKind = {
  hint: "Point at a bar to read some of its pairs; click to list them. With the keyboard: arrow keys and Enter.",
  keys: "Scores of pairs: arrow keys and Enter",
  things: "pairs",
  bare: true,
  figure: duplicatesFigure,
  hovered: (host, point) => showBin(host, point.customdata),
  clicked(host, point) {
    goTo(host, point.customdata); // the arrow keys go on from here
    chooseBin(host);
  },
  keyed(host, event) {
    if (event.key === "Enter" && host.at !== null) chooseBin(host);
    else if (!stepped(host, event, filledBins(host.model))) return;
    else showBin(host, host.at);
    event.preventDefault();
  },
};

export const thresholdsKind = {
  hint: "Point at a threshold to read its precision and recall; in a live widget a click chooses it. With the keyboard: arrow keys and Enter.",
  keys: "Thresholds: arrow keys and Enter",
  things: "thresholds",
  bare: true,
  figure: duplicatesFigure,
  hovered: (host, point) => { host.at = point.customdata; showThreshold(host); },
  clicked(host, point) {
    goTo(host, point.customdata);
    showThreshold(host);
    askFor(host);
  },
  keyed(host, event) {
    if (event.key === "Enter" && host.at !== null) askFor(host);
    else if (!stepped(host, event, host.model.ids.map((_, row) => row))) return;
    else showThreshold(host);
    event.preventDefault();
  },
};

// Goes to the next of some places, in which there is something to read.
function stepped(host, event, places) {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step || !places.length) return false;
  const at = host.at === null ? (step > 0 ? -1 : places.length) : places.indexOf(host.at);
  goTo(host, places[Math.max(0, Math.min(places.length - 1, at + step))]);
  return true;
}

function filledBins({ meta }) {
  return meta.bins.map((_, at) => at).filter((at) => meta.bins[at].count > 0);
}

function duplicatesFigure(model, state, theme) {
  const ink = theme.ink[state.mode];
  const data = model.data.map((trace, at) => {
    const color = paintOf(trace.meta?.color, state.mode, theme);
    const own = { ...trace, uid: `trace-${at}`, hoverinfo: trace.hoverinfo === "skip" ? "skip" : "none" };
    delete own.hovertemplate;
    if (own.customdata) own.customdata = [...decode(own.customdata)];
    if (own.fill) own.fillcolor = `${color}30`;
    if (own.line) own.line = { ...own.line, color };
    if (own.marker || own.type === "bar") own.marker = { ...own.marker, color };
    return own;
  });
  const shapes = (model.layout.shapes ?? []).map((shape) => ({ ...shape, line: { ...shape.line, color: ink } }));
  const cursor = cursorOf(model, state);
  if (cursor) shapes.push({ type: "rect", layer: "below", yref: "paper", y0: 0, y1: 1, ...cursor, fillcolor: ink, opacity: 0.12, line: { width: 0 } });
  return { data, layout: { shapes, margin: { l: 64, r: 16, t: 36, b: 48 } } };
}

// Where the keyboard is: a bar's bin, or about a threshold.
function cursorOf({ meta }, { cursor }) {
  if (cursor === undefined || cursor === null) return null;
  if (meta.bins) return { x0: meta.bins[cursor].low, x1: meta.bins[cursor].high };
  const half = (1 - meta.thresholds[0]) / 80;
  return { x0: meta.thresholds[cursor] - half, x1: meta.thresholds[cursor] + half };
}

function showBin(host, at) {
  const { low, high, count, rows } = host.model.meta.bins[at];
  const pairs = count === 1 ? "1 pair" : `${count.toLocaleString("en")} pairs`;
  const said = `${pairs} of cosine ${low.toFixed(3)} to ${high.toFixed(3)}${rows.length < count ? `, ${rows.length} of them` : ""}`;
  const heading = make("p", "wb-hint", { textContent: said });
  showReadout(host.parts, heading, ...rows.map((row) => pairBlock(host.model.texts, row)));
}

function pairBlock(texts, row) {
  const side = (number) => factLine(texts[`id_${number}`][row], elide(texts[`text_${number}`]?.[row] ?? "", LETTERS));
  const score = make("div", "wb-facts", { textContent: texts.score[row].toFixed(3) });
  return make("div", "wb-block", {}, score, make("dl", "wb-pairs", {}, side(1), side(2)));
}

function chooseBin(host) {
  showBin(host, host.at);
  host.selectRows(host.model.meta.bins[host.at].rows);
}

function showThreshold(host) {
  const { model: { texts, ids }, at: row } = host;
  const share = (name) => {
    const value = texts[name][row];
    return value === null || value === undefined || Number.isNaN(value) ? "?" : `${Math.round(100 * value)} %`;
  };
  const measured = (name) => `${share(name)} (${share(`${name}_low`)} to ${share(`${name}_high`)})`;
  const facts = [
    ["threshold", ids[row]],
    ["pairs at or above", texts.n_pairs[row].toLocaleString("en")],
    ["precision", measured("precision")],
    ["recall among these", measured("recall")],
  ];
  const list = make("dl", "wb-pairs", {}, ...facts.map(([about, value]) => factLine(about, value)));
  showReadout(host.parts, make("div", "wb-block", {}, list, ...useButton(host)));
}

// Only where a kernel can use it.
function useButton(host) {
  if (!host.asks("threshold")) return [];
  const button = make("button", "wb-adopt", { type: "button", textContent: "Use this threshold" });
  button.addEventListener("click", () => host.guard(() => askFor(host)));
  return [button];
}

function askFor(host) {
  host.ask("threshold", host.model.meta.thresholds[host.at]);
}
