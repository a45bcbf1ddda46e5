// Pairs of similar texts by score ("pairs"), groups of them by size ("groups"), test texts by their
// nearest train text ("leakage"), and precision and recall by threshold ("thresholds").
import { decode } from "./host_library.js";
import { elide, percent } from "./host_model.js";
import { factLine, make, showReadout } from "./host_panels.js";
import { goTo } from "./host_clusters.js";
import { paintOf } from "./host_models.js";

const LETTERS = 280; // of a text that is read beside another

// Bars that name some of what they hold. `score` and `sides` [[word, id, text]] are columns.
const barsKind = (things, score, sides, told) => ({
  hint: `Point at a bar to read some of its ${things}; click to list them. With the keyboard: arrow keys and Enter.`,
  keys: `Bars of ${things}: arrow keys and Enter`,
  things,
  score,
  sides,
  told,
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
});

export const pairsKind = barsKind("pairs", "score", [["", "id_1", "text_1"], ["", "id_2", "text_2"]],
  ({ count, ...bin }) => `${counted(count, "pair")} ${ofCosine(bin)}`);

export const groupsKind = barsKind("groups", "similarity", [["kept", "kept_id", "kept_text"], ["dropped", "dropped_id", "dropped_text"]],
  ({ count, sizes: [least, most] }) => `${counted(count, "group")} of ${least === most ? least : `${least} to ${most}`} texts, the least similar text of each`);

export const leakageKind = barsKind("test texts", "similarity", [["test", "test_id", "test_text"], ["train", "train_id", "train_text"]],
  ({ name, count, of, ends, ...bin }) => (name === undefined
    ? `${counted(count, "test text")} ${ofCosine(bin)} to the nearest train text`
    : `${name}: ${count.toLocaleString("en")} of ${counted(of, "test text")} leaked (${percent(count / of)}; 95 % interval ${ends.map(percent).join(" to ")})`));

function counted(count, thing) {
  return `${count.toLocaleString("en")} ${thing}${count === 1 ? "" : "s"}`;
}

function ofCosine({ low, high }) {
  return `of cosine ${low.toFixed(3)} to ${high.toFixed(3)}`;
}

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
  if (meta.bins) return binBox(meta.bins[cursor]);
  const half = (1 - meta.thresholds[0]) / 80;
  return { x0: meta.thresholds[cursor] - half, x1: meta.thresholds[cursor] + half };
}

// A bin stands along the bars, a label (it has a name) along the lines below them.
function binBox({ low, high, name }) {
  if (name === undefined) return { yref: "y domain", x0: low, x1: high };
  return { xref: "x2 domain", x0: 0, x1: 1, yref: "y2", y0: low, y1: high };
}

function showBin(host, at) {
  const bin = host.model.meta.bins[at];
  const shown = bin.rows.length < bin.count ? `; ${bin.rows.length} of them:` : "";
  const heading = make("p", "wb-hint", { textContent: `${host.kind.told(bin)}${shown}` });
  showReadout(host.parts, heading, ...bin.rows.map((row) => pairBlock(host, row)));
}

function pairBlock({ kind, model: { texts } }, row) {
  const sides = kind.sides.filter(([, id]) => texts[id][row] !== null);
  const lines = sides.map(([word, id, text]) => factLine(`${word} ${texts[id][row]}`.trim(), elide(texts[text]?.[row] ?? "", LETTERS)));
  const size = texts.texts ? `${counted(texts.texts[row], "text")}, cosine ` : "";
  const score = make("div", "wb-facts", { textContent: `${size}${texts[kind.score][row].toFixed(3)}` });
  return make("div", "wb-block", {}, score, make("dl", "wb-pairs", {}, ...lines));
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
