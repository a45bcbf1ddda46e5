// What several models, or several methods, find for one query (kinds "ranks" and "search"): a column
// of texts each, and lines that join the same text. Drawn with the page's own elements, since plotly
// cannot hold texts.
import { elide } from "./host_model.js";
import { make } from "./host_panels.js";

const ROW = 62; // pixels from one text to the next
const CARD = 54;
const SVG = ["http:", "", "www.w3.org", "2000", "svg"].join("/"); // a name, not a link: none is in a page

function bodyHeight(model) {
  return ROW * Math.max(...model.meta.ranks.map((column) => column.length));
}

// `actions`: point(row | null, event), click(row, event), the `thing` that a column is, and
// dress(card, row, at, rank) → nodes that stand over a card; the last two are optional.
export function drawRanks(place, model, state, actions) {
  const { models, ranks } = model.meta;
  const heads = models.map((name, at) => headOf(name, model.meta.methods?.[at]));
  const columns = ranks.map((column, at) => columnOf(model, column, at, state, actions));
  const body = make("div", "wb-ranks-body", {}, ...columns, linesOf(model, state));
  body.style.height = `${bodyHeight(model)}px`;
  const grid = make("div", "wb-ranks", {}, make("div", "wb-ranks-heads", {}, ...heads), body);
  grid.style.setProperty("--models", models.length);
  const focused = place.contains(document.activeElement) ? document.activeElement.dataset.place : null;
  place.replaceChildren(grid);
  if (focused) place.querySelector(`[data-place="${focused}"]`)?.focus();
}

function headOf(name, method) {
  const head = make("div", "wb-ranks-model", {}, make("div", "", { textContent: elide(name, 60), dir: "auto" }));
  if (method) head.append(make("div", "wb-ranks-how", { textContent: elide(method, 120), title: method, dir: "auto" }));
  return head;
}

function columnOf(model, column, at, state, actions) {
  const cards = column.flatMap((row, rank) => {
    const card = make("button", "wb-ranks-text", { type: "button", dir: "auto" });
    card.append(
      make("span", "wb-ranks-rank", { textContent: String(rank + 1) }),
      make("span", "wb-ranks-words", { textContent: elide(wordsOf(model, row), 160) }),
    );
    card.style.top = `${topOf(rank)}px`;
    card.style.height = `${CARD}px`;
    card.dataset.row = row;
    card.dataset.place = `${at}-${rank}`;
    card.setAttribute("aria-pressed", String(state.selection.has(model.ids[row])));
    if (isAlone(model, row)) card.classList.add("wb-alone");
    for (const name of ["pointerenter", "focus"]) card.addEventListener(name, (event) => actions.point(row, event));
    card.addEventListener("pointerleave", () => actions.point(null));
    card.addEventListener("click", (event) => actions.click(row, event));
    return [card, ...(actions.dress?.(card, row, at, rank) ?? [])];
  });
  const name = model.meta.models[at];
  const failure = model.meta.failures?.[name];
  if (failure !== undefined) {
    const why = `This ${actions.thing ?? "model"} failed. ${failure}`;
    cards.push(make("p", "wb-ranks-failed", { textContent: elide(why, 600), dir: "auto", tabIndex: 0 }));
  }
  const nothing = model.meta.nothing?.[name];
  if (nothing) cards.push(make("p", "wb-ranks-nothing wb-hint", { textContent: nothing }));
  return make("div", "wb-ranks-column", { role: "group", "aria-label": name }, ...cards);
}

export function topOf(rank) {
  return rank * ROW;
}

export function wordsOf(model, row) {
  return model.texts.text?.[row] ?? model.ids[row];
}

function isAlone(model, row) {
  return model.meta.ranks.length > 1 && model.meta.ranks.filter((column) => column.includes(row)).length === 1;
}

// Lines between columns, in a drawing that lies over the gaps: 100 units from column to column.
function linesOf(model, state) {
  const { ranks } = model.meta;
  const box = `0 0 ${100 * ranks.length} ${bodyHeight(model)}`;
  const drawing = drawn("svg", { preserveAspectRatio: "none", viewBox: box, "aria-hidden": "true" });
  drawing.classList.add("wb-ranks-lines");
  ranks.slice(1).forEach((right, at) => {
    ranks[at].forEach((row, rank) => {
      const other = right.indexOf(row);
      if (other >= 0) drawing.append(lineOf(row, at, rank, other, state.selection.has(model.ids[row])));
    });
  });
  return drawing;
}

// Cards take 84 of a column's 100 units.
function lineOf(row, at, from, to, chosen) {
  const middle = (rank) => topOf(rank) + CARD / 2;
  const ends = { x1: 100 * at + 92, x2: 100 * at + 108, y1: middle(from), y2: middle(to) };
  const line = drawn("line", { ...ends, "vector-effect": "non-scaling-stroke" });
  line.dataset.row = row;
  if (chosen) line.classList.add("wb-chosen");
  return line;
}

function drawn(tag, attributes) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}

// Marks every place of a text while it is pointed at.
export function markRanks(place, row) {
  for (const one of place.querySelectorAll("[data-row]")) {
    one.classList.toggle("wb-pointed", row !== null && one.dataset.row === String(row));
  }
}

export function ranksBlock(model, row) {
  const { models, ranks, scores } = model.meta;
  const facts = models.map((name, at) => {
    const rank = ranks[at].indexOf(row);
    if (!ranks[at].length) return "";
    const found = rank < 0 ? `not among the first ${ranks[at].length}` : `rank ${rank + 1}, cosine ${scores[at][rank].toFixed(3)}`;
    const term = make("dt", "", { textContent: elide(name, 40) });
    return make("div", "", {}, term, make("dd", "", { textContent: found }));
  });
  return make("dl", "wb-pairs", {}, ...facts);
}
