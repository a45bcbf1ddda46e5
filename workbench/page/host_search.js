// What several methods find for one query (kind "search"): why each hit was found, and which of
// them a person marked. A page without a kernel shows the marks; with one, it asks for changes.
import { elide, fold } from "./host_model.js";
import { factLine, make, showReadout, textBlock } from "./host_panels.js";
import { drawRanks, markRanks, topOf, wordsOf } from "./host_ranks.js";

const WORD = /[\p{L}\p{N}_]+/gu; // as Python's \w+, which BM25 reads
const MARKS = { r: "relevant", n: "not relevant" };
const SIGNS = { relevant: "✓", "not relevant": "✗" };
const STEPS = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };
const HINT = "Point at a hit to see why it was found; click to keep it. With the keyboard: arrow keys and Enter";
const MOST_TEXT = 4000;

export const searchKind = {
  hint: `${HINT}.`,
  things: "hits",
  draw: showSearch,
  twin: searchTwin,
  summary: searchSummary,
};

function showSearch(host) {
  const { model, parts } = host;
  host.stale = false;
  const asked = model.meta.query ?? "";
  if (host.searched?.query !== asked) host.searched = { query: asked, place: "0-0", id: null };
  drawRanks(parts.plot, model, host.state, {
    thing: "method",
    point: (row, event) => host.guard(() => pointAt(host, row, event)),
    click: (row) => host.guard(() => {
      host.searched.id = model.ids[row];
      host.select([model.ids[row]], { toggle: true });
    }),
    dress: (card, row, at, rank) => dressed(host, card, row, at, rank),
  });
  rove(host, host.searched.place);
  parts.plot.onpointermove = (event) => { host.searched.pointer = placeOf(event); };
  parts.plot.onkeydown = (event) => host.guard(() => keyed(host, event));
  const focused = parts.plot.contains(document.activeElement) ? document.activeElement.dataset.row : undefined;
  showHit(host, focused === undefined ? model.rowOf.get(host.searched.id) ?? null : Number(focused));
}

// ---- a card

// Puts the score and the shared words into a card; returns the marks that stand over it.
function dressed(host, card, row, at, rank) {
  const { model } = host;
  const [number, words] = card.children;
  number.append(make("span", "wb-ranks-score", { textContent: scoreOf(model, at, rank) }));
  words.replaceChildren(...markedWords(elide(wordsOf(model, row), 160), model.meta.why?.[row]));
  card.tabIndex = -1;
  card.addEventListener("focus", () => rove(host, card.dataset.place));
  const mark = model.texts.mark?.[row];
  if (mark) card.dataset.mark = mark;
  const asks = host.asks("mark");
  if (mark) card.append(make("span", "wb-unseen", { textContent: mark }));
  if (mark && !asks) number.append(make("span", "wb-hit-marked", { textContent: SIGNS[mark], "aria-hidden": "true" }));
  return asks ? [markButtons(host, row, at, rank)] : [];
}

function markButtons(host, row, at, rank) {
  const buttons = Object.values(MARKS).map((mark) => {
    const pressed = host.model.texts.mark?.[row] === mark;
    const button = make("button", "wb-hit-mark", { type: "button", textContent: SIGNS[mark], tabIndex: -1 });
    const key = mark === MARKS.r ? "r" : "n";
    button.title = `${pressed ? "Take back: " : ""}${mark} (key: ${key})`;
    button.setAttribute("aria-label", `${mark}: ${elide(wordsOf(host.model, row), 60)}`);
    button.setAttribute("aria-pressed", String(pressed));
    button.dataset.place = `${at}-${rank}-${key}`;
    button.addEventListener("click", () => host.guard(() => askMark(host, row, mark)));
    return button;
  });
  const place = make("div", "wb-hit-marks", {}, ...buttons);
  place.style.top = `${topOf(rank)}px`;
  place.addEventListener("pointerenter", (event) => host.guard(() => pointAt(host, row, event)));
  return place;
}

// The query goes along: another may be shown when the kernel hears of it.
function askMark(host, row, mark) {
  const taken = host.model.texts.mark?.[row] === mark;
  host.ask("mark", { query: host.model.meta.query, id: host.model.ids[row], mark: taken ? null : mark });
}

function scoreOf(model, at, rank) {
  return Number(model.meta.scores[at][rank]).toPrecision(3);
}

// A text in nodes, the words that it shares with the query in <mark>.
function markedWords(text, why) {
  const shared = new Set((why?.words ?? []).map(([word]) => word));
  if (!shared.size) return [text];
  const nodes = [];
  let end = 0;
  for (const match of text.matchAll(WORD)) {
    if (!shared.has(match[0].toLowerCase())) continue;
    nodes.push(text.slice(end, match.index), make("mark", "", { textContent: match[0] }));
    end = match.index + match[0].length;
  }
  return [...nodes, text.slice(end)];
}

// ---- pointing, and the keyboard

// A pointer that rests enters what is drawn under it; that is nobody's doing.
function pointAt(host, row, event) {
  const { model, parts, searched } = host;
  if (event?.type === "pointerenter" && searched.pointer === placeOf(event)) return;
  markRanks(parts.plot, row);
  const kept = host.state.selection.has(searched.id) ? model.rowOf.get(searched.id) : undefined;
  if (row !== null) showHit(host, row);
  else if (kept !== undefined) showHit(host, kept); // back to what was chosen
  host.hover(row === null ? null : model.ids[row]);
}

function placeOf({ clientX, clientY }) {
  return `${clientX} ${clientY}`;
}

// One card can be reached with Tab, from which the arrow keys go on.
function rove(host, place) {
  const { plot } = host.parts;
  const cards = [...plot.querySelectorAll(".wb-ranks-text")];
  const own = cards.find((card) => card.dataset.place === place) ?? cards[0];
  for (const card of cards) card.tabIndex = card === own ? 0 : -1;
  if (own) host.searched.place = own.dataset.place;
}

function keyed(host, event) {
  const card = event.target.closest?.(".wb-ranks-text");
  if (!card || event.ctrlKey || event.metaKey || event.altKey) return;
  const row = Number(card.dataset.row);
  const mark = MARKS[fold(event.key)];
  if (event.key in STEPS) step(host, card, row, STEPS[event.key]);
  else if (mark && host.asks("mark")) {
    host.searched.id = host.model.ids[row];
    askMark(host, row, mark);
  } else return;
  event.preventDefault();
}

// Sideways to the same text where the next column has it.
function step(host, card, row, [across, down]) {
  const { ranks } = host.model.meta;
  const [at, rank] = card.dataset.place.split("-").map(Number);
  let column = at + across;
  while (across && ranks[column] && !ranks[column].length) column += across;
  const hits = ranks[column];
  if (!hits) return;
  const same = hits.indexOf(row);
  const next = across ? (same < 0 ? Math.min(rank, hits.length - 1) : same) : rank + down;
  host.parts.plot.querySelector(`.wb-ranks-text[data-place="${column}-${next}"]`)?.focus();
}

// ---- why

function showHit(host, row) {
  const { model, parts } = host;
  if (row === null) {
    const marking = host.asks("mark") ? "; r marks a hit relevant, n not relevant" : "";
    return showReadout(parts, make("p", "wb-hint", { textContent: `${HINT}${marking}.` }));
  }
  const why = model.meta.why?.[row];
  const block = textBlock(model, row);
  block.querySelector(".wb-text")?.replaceChildren(...markedWords(elide(wordsOf(model, row), MOST_TEXT), why));
  return showReadout(parts, block, make("dl", "wb-pairs", {}, ...placesOf(model, row)), whyBlock(why));
}

function placesOf({ meta }, row) {
  return meta.models.flatMap((name, at) => {
    const hits = meta.ranks[at];
    const rank = hits.indexOf(row);
    if (!hits.length) return [];
    if (rank < 0) return [factLine(name, `not among the first ${hits.length}`)];
    const before = at ? meta.ranks[at - 1].indexOf(row) : -1;
    return [factLine(name, `rank ${rank + 1}${changed(before - rank, before)}, score ${Number(meta.scores[at][rank]).toPrecision(4)}`)];
  });
}

function changed(places, before) {
  if (before < 0 || !places) return "";
  return ` (${places > 0 ? "▲" : "▼"} ${Math.abs(places)})`;
}

function whyBlock(why) {
  if (!why) return "";
  const adds = (terms) => terms.map(([term, value]) => `${term} +${value.toFixed(2)}`).join(", ");
  const facts = [factLine("cosine", why.similarity.toFixed(3))];
  if (why.words) facts.push(factLine("shared words, what each adds to BM25", adds(why.words) || "none"));
  if (why.tokens?.length) facts.push(factLine("shared tokens, what each adds to sparse", adds(why.tokens)));
  return make("dl", "wb-pairs wb-why", {}, ...facts);
}

// ---- in place of the picture

function searchTwin(model) {
  const { meta, ids, texts } = model;
  const ranked = [...new Set(meta.ranks.flat())];
  const rankOf = (column, row) => (column.includes(row) ? column.indexOf(row) + 1 : null);
  const facts = ["cosine", "shared words"].filter(() => meta.why);
  const cells = ({ similarity, words }) => [similarity, (words ?? []).map(([word]) => word).join(", ")];
  const rows = ranked.map((row) => [
    ids[row], texts.text?.[row], ...meta.ranks.map((column) => rankOf(column, row)), texts.mark?.[row],
    ...(meta.why ? cells(meta.why[row]) : []),
  ]);
  return { header: ["id", "text", ...meta.models.map((name) => `rank: ${name}`), "mark", ...facts], rows };
}

function searchSummary(model, state) {
  const { title, subtitle, models, ranks } = model.meta;
  const firsts = ranks.map((hits, at) => (hits.length ? `${models[at]} finds first: ${elide(wordsOf(model, hits[0]), 80)}.` : `${models[at]} finds nothing.`));
  const relevant = (model.texts.mark ?? []).filter((mark) => mark === MARKS.r).length;
  const count = model.ids.length;
  return [
    `${title}.`,
    subtitle ? `${subtitle}.` : "",
    count ? `${count} hits, ${state.selection.size} of them selected, ${relevant} marked relevant.` : "",
    ...(count ? firsts : []),
  ].filter(Boolean).join(" ");
}
