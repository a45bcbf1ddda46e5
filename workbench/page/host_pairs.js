// What is told of a pair of texts: how alike, compared with what, under which models, which words.
import { elide } from "./host_model.js";
import { factLine, make, textBlock } from "./host_panels.js";
import { indexOf, partsOf } from "./host_words.js";

const COMMON = 0.1; // a word that stands in a larger share of the texts says nothing of two of them
const FEW = 20; // below so many texts no share is known

// What the cells stand for: codes are steps of a range.
export function reader({ coded, value_range: [low, high] = [0, 1] }) {
  return coded ? (value) => low + (value / 255) * (high - low) : (value) => value;
}

// How many random pairs are less similar, in words; empty where nobody drew any.
export function rarity(model, value) {
  const { random, random_pairs: drawn, all_pairs: all } = model.meta;
  if (!random?.length) return "";
  const rounded = Number(value.toFixed(4)); // as they are
  const below = random.reduce((count, one) => count + Number(one < rounded), 0);
  const number = drawn.toLocaleString("en");
  const pairs = all ? `all ${number} pairs of texts` : `${number} random pairs`;
  if (below === random.length) return all ? `higher than ${pairs}` : `higher than all ${pairs}`;
  if (below === 0) return all ? "the lowest of all pairs" : `lower than all ${pairs}`;
  return `higher than ${((100 * below) / random.length).toFixed(1)} % of ${pairs}`;
}

// The same pair under other models, as facts.
export function underOthers(model, i, j) {
  const lines = (model.others ?? []).map(({ name, z, coded, range: [low, high] = [-1, 1] }) => {
    const value = reader({ coded, value_range: [low, high] })(z[i][j]);
    return factLine(name, value.toFixed(!coded ? 4 : high - low > 20 ? 1 : 2));
  });
  return lines.length ? [make("dl", "wb-pairs", {}, ...lines)] : [];
}

// The words that two texts share and few others have; null while they are being read.
export function sharedWords(host, left, right) {
  const { model } = host;
  if (!model.texts.text || left === right) return new Set();
  if (!model.words) {
    indexOf(model).then(() => {
      if (host.model === model) host.guard(() => host.kind.reread?.(host));
    });
    return null;
  }
  const most = model.ids.length < FEW ? Infinity : COMMON * model.ids.length;
  const { words, starts, entries, counts } = model.words;
  const numbersOf = (row) => [...entries.subarray(starts[row], starts[row + 1])];
  const other = new Set(numbersOf(right));
  const both = numbersOf(left).filter((number) => other.has(number) && counts[number] <= most);
  return new Set(both.map((number) => words[number]));
}

// A text with its id and label, some of its words marked.
export function markedBlock(model, row, words) {
  const block = textBlock(model, row);
  const body = block.querySelector("p.wb-text");
  if (!body || !words?.size) return block;
  const parts = partsOf(elide(model.texts.text[row], 600));
  body.replaceChildren(...parts.map(([text, word]) => (words.has(word) ? make("mark", "", { textContent: text }) : text)));
  return block;
}

export function sharedLine(words) {
  if (words === null || !words.size) return [];
  const listed = [...words].slice(0, 12).map((word) => elide(word, 30)).join(", ");
  return [make("div", "wb-hint", { textContent: `words in both: ${listed}`, dir: "auto" })];
}
