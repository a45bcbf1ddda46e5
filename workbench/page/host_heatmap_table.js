// A matrix of pairs in words and as a table, for those who do not see its colours.
import { elide } from "./host_model.js";
import { reader } from "./host_pairs.js";

const NEAREST = 3; // texts that the table names for each of its texts
const LISTED = 200; // pairs that differ most

function isDifference(model) {
  return model.meta.metric.endsWith(" difference");
}

// Calls `see(value, i, j, cell)` for each two different texts, once.
function eachPair({ z, meta: { rows, columns, ...meta } }, see) {
  const value = reader(meta);
  const same = rows.length === columns.length && rows.every((row, at) => row === columns[at]);
  for (let i = 0; i < rows.length; i += 1) {
    for (let j = same ? i + 1 : 0; j < columns.length; j += 1) {
      if (rows[i] !== columns[j]) see(value(z[i][j]), i, j, z[i][j]);
    }
  }
}

// How many pairs there are, the value in their middle, the mean size, and the pair of the highest
// value, or of the largest difference either way. Read once: 2,000 texts are two million pairs.
function factsOf(model) {
  if (model.pairFacts) return model.pairFacts;
  const ofDifference = isDifference(model);
  const { coded } = model.meta;
  const cells = coded ? new Uint32Array(256) : []; // how often each code, or all of them
  const found = { count: 0, size: 0, top: null };
  eachPair(model, (value, i, j, cell) => {
    const rank = ofDifference ? Math.abs(value) : value;
    found.count += 1;
    found.size += Math.abs(value);
    if (coded) cells[cell] += 1;
    else cells.push(cell);
    if (!found.top || rank > found.top.rank) found.top = { rank, value, i, j };
  });
  found.size /= found.count || 1;
  if (coded) {
    let left = found.count / 2;
    found.middle = reader(model.meta)(cells.findIndex((count) => (left -= count) <= 0));
  } else found.middle = cells.sort((a, b) => a - b)[Math.floor((cells.length - 1) / 2)];
  model.pairFacts = found;
  return found;
}

export function heatmapSummary(model, state) {
  const { title, subtitle, metric, coded } = model.meta;
  const count = (number) => number.toLocaleString("en");
  const said = [`${title}.`, `${subtitle}.`, `${count(state.selection.size)} of ${count(model.ids.length)} texts selected.`];
  const { count: pairs, size, middle, top } = factsOf(model);
  if (!top) return said.join(" ");
  const digits = (value) => value.toFixed(coded ? 2 : 4);
  const [one, other] = [model.meta.rows[top.i], model.meta.columns[top.j]].map((row) => elide(model.ids[row], 40));
  if (isDifference(model)) {
    said.push(`The ${count(pairs)} pairs differ by ${digits(size)} on average, either way; most ${one} and ${other}: ${digits(top.value)}.`);
  } else {
    said.push(`Half of the ${count(pairs)} pairs have a ${metric} of up to ${digits(middle)}; most similar are ${one} and ${other}: ${digits(top.value)}.`);
  }
  return said.join(" ");
}

// Each text with those most similar to it; of two models, the pairs in which they differ most.
export function heatmapTwin(model) {
  return isDifference(model) ? differingTwin(model) : matrixTwin(model);
}

function differingTwin(model) {
  const { meta, ids, texts, others } = model;
  let kept = [];
  let least = -1;
  const shorten = () => {
    kept.sort((a, b) => Math.abs(b.value) - Math.abs(a.value) || a.i - b.i || a.j - b.j).splice(LISTED);
    least = kept.length === LISTED ? Math.abs(kept[LISTED - 1].value) : -1;
  };
  eachPair(model, (value, i, j) => {
    if (Math.abs(value) <= least) return;
    kept.push({ value, i, j });
    if (kept.length >= 20 * LISTED) shorten();
  });
  shorten();
  const of = others.map(({ z, coded, range }) => ({ z, value: reader({ coded, value_range: range }) }));
  const rows = kept.map(({ value, i, j }) => {
    const both = [meta.rows[i], meta.columns[j]].flatMap((row) => [ids[row], texts.text?.[row]]);
    return [...both, value, ...of.map((one) => one.value(one.z[i][j]))];
  });
  return { header: ["id", "text", "other id", "text", meta.metric, ...others.map(({ name }) => name)], rows };
}

// Each text of a matrix with those that it is most similar to.
function matrixTwin({ meta, ids, texts, z }) {
  if (!z || !meta.rows || !meta.columns) return null;
  const valueOf = reader(meta);
  const rows = meta.rows.map((row, i) => {
    const near = highest(z[i], (j) => meta.columns[j] !== row);
    return [ids[row], texts.text?.[row], ...near.flatMap((j) => [ids[meta.columns[j]], valueOf(z[i][j])])];
  });
  const names = ["most similar", "second", "third"].flatMap((name) => [name, meta.metric ?? "value"]);
  return { header: ["id", "text", ...names], rows };
}

function highest(values, may) {
  const best = [];
  for (let at = 0; at < values.length; at += 1) {
    if (!may(at) || (best.length === NEAREST && !(values[at] > values[best[NEAREST - 1]]))) continue;
    best.push(at);
    best.sort((a, b) => values[b] - values[a] || a - b);
    best.length = Math.min(best.length, NEAREST);
  }
  return best;
}
