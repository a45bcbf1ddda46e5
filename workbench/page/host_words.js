// In how many texts each word stands, and which words a selection has more often than the rest.
import { fold } from "./host_model.js";

// p < 0.0001 for one word; Rayson, Berridge & Francis (2004) advise it where counts are small.
export const CRITICAL = 15.13;
const WORD = /\p{L}[\p{L}\p{M}]*(?:['’]\p{L}[\p{L}\p{M}]*)*/gu;
const SLICE = 20; // milliseconds of reading at a time

// Dunning's (1993) log-likelihood ratio of a 2 × 2 table of counts: `a` of `n` here, `c` of `m`
// elsewhere. Below zero where the share here is the smaller one.
export function gSquared(a, n, c, m) {
  const share = (a + c) / (n + m);
  const term = (seen, expected) => (seen > 0 ? seen * Math.log(seen / expected) : 0);
  const whole =
    term(a, n * share) + term(n - a, n * (1 - share)) + term(c, m * share) + term(m - c, m * (1 - share));
  return a * m >= c * n ? 2 * whole : -2 * whole;
}

// The parts of a text in order: [text, the word in lower case or null].
export function partsOf(text) {
  const parts = [];
  let end = 0;
  for (const match of text.matchAll(WORD)) {
    parts.push([text.slice(end, match.index), null], [match[0], fold(match[0])]);
    end = match.index + match[0].length;
  }
  return [...parts, [text.slice(end), null]];
}

// Reads the words of all texts, once and in slices; resolves to {words, starts, entries, counts}:
// text i has the distinct words `entries[starts[i]]` up to `entries[starts[i + 1]]`. What was read
// stays as model.words.
export function indexOf(model) {
  model.wordIndex ??= readWords(model.texts.text).then((index) => (model.words = index));
  return model.wordIndex;
}

async function readWords(texts) {
  const numbers = new Map();
  const counts = [];
  const last = []; // the last text that each word was seen in
  const starts = new Uint32Array(texts.length + 1);
  let entries = new Uint32Array(16 * texts.length + 16);
  let used = 0;
  let until = performance.now() + SLICE;
  for (let row = 0; row < texts.length; row += 1) {
    for (const word of fold(String(texts[row] ?? "")).match(WORD) ?? []) {
      let number = numbers.get(word);
      if (number === undefined) numbers.set(word, (number = counts.push(0) - 1));
      if (last[number] === row) continue;
      last[number] = row;
      counts[number] += 1;
      if (used === entries.length) entries = grown(entries);
      entries[used] = number;
      used += 1;
    }
    starts[row + 1] = used;
    if (performance.now() < until) continue;
    await pause();
    until = performance.now() + SLICE;
  }
  return { words: [...numbers.keys()], starts, entries, counts: Uint32Array.from(counts) };
}

function grown(entries) {
  const larger = new Uint32Array(2 * entries.length);
  larger.set(entries);
  return larger;
}

function pause() {
  return new Promise((resolve) => setTimeout(resolve));
}

// Returns [{name, a, c, score}] of the words that stand out in these rows, the most telling first.
export function wordsOf({ words, starts, entries, counts }, rows, most) {
  const here = new Uint32Array(words.length);
  for (const row of rows) {
    for (let at = starts[row]; at < starts[row + 1]; at += 1) here[entries[at]] += 1;
  }
  const [n, m] = [rows.length, starts.length - 1 - rows.length];
  const found = [];
  for (let number = 0; number < words.length; number += 1) {
    const a = here[number];
    if (!a) continue;
    const c = counts[number] - a;
    const score = gSquared(a, n, c, m);
    if (score >= CRITICAL) found.push({ name: words[number], a, c, score });
  }
  return ranked(found, most);
}

// Returns the same of the categories of a column, those that are rarer here too, last.
export function sharesOf(names, rows, most) {
  const here = new Map();
  const all = new Map();
  for (const name of names) all.set(name, (all.get(name) ?? 0) + 1);
  for (const row of rows) here.set(names[row], (here.get(names[row]) ?? 0) + 1);
  const [n, m] = [rows.length, names.length - rows.length];
  const found = [];
  for (const [name, count] of all) {
    const a = here.get(name) ?? 0;
    const score = gSquared(a, n, count - a, m);
    if (Math.abs(score) >= CRITICAL) found.push({ name, a, c: count - a, score });
  }
  const telling = [...found].sort((a, b) => Math.abs(b.score) - Math.abs(a.score)).slice(0, most);
  return ranked(telling, most);
}

function ranked(found, most) {
  return found.sort((a, b) => b.score - a.score || (a.name < b.name ? -1 : 1)).slice(0, most);
}
