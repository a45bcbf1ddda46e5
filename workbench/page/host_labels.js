// Labels on the dense regions of a map: as many as there is room for, more of them as one zooms.

const ROOM = 28000; // square pixels of the plot for each label: some 15 on a map
const TRIED = 4; // labels for each that finds room
const GAP = [14, 7]; // pixels between two labels, across and down
const NUDGES = [0, -0.6, 0.6]; // where else a label may stand, in its heights
const SIZES = 3; // how many sizes of letters there are; finer levels share the last
const MOST_MEASURED = 2000;

const measured = new WeakMap(); // of each overlay: how large its texts are, [width, height]

// Draws those of `labels` ([{x, y, level, size, text}], in data coordinates) that find room. `view`:
// toPixel(x, y) → [left, top] in pixels of the overlay, and the plot area's left, top, width, height.
// Coarser levels and larger regions come first. A label stands on its place, or beside it where the
// edge of the plot would cut it.
export function placeLabels(overlay, labels, view) {
  const tried = wanted(labels.map((label) => ({ ...label, at: view.toPixel(label.x, label.y) })), view);
  const sizes = sizesOf(overlay, tried);
  const placed = [];
  for (const label of tried) {
    if (placed.length >= view.width * view.height / ROOM) break;
    const size = sizes.get(keyOf(label));
    const box = NUDGES.map((nudge) => boxOf(label.at, size, view, nudge)).find((one) => one && !placed.some((other) => overlap(one, other)));
    if (box) placed.push({ ...box, label });
  }
  overlay.replaceChildren(...placed.map(({ left, top, label }) => nodeOf(label, left, top)));
}

export function clearLabels(overlay) {
  overlay.replaceChildren();
}

// The labels that may be drawn: of all, the first so many that the plot would hold about one per
// ROOM if they were spread evenly. As one zooms in they spread over more than the plot, and more may.
// How far they spread is told by the half of them that is in the middle: islands tell nothing.
function wanted(labels, view) {
  const first = [...labels].sort((a, b) => a.level - b.level || b.size - a.size);
  const plot = view.width * view.height;
  const spread = Math.max(plot, areaOf(labels.map(({ at }) => at)));
  const most = Math.max(1, Math.round(TRIED * spread / ROOM));
  return first.slice(0, most).filter(({ at }) => isInside(at, view));
}

function areaOf(places) {
  const reach = (axis) => {
    const values = places.map((place) => place[axis]).sort((a, b) => a - b);
    const quartile = (share) => values[Math.floor(share * (values.length - 1))] ?? 0;
    return 2 * (quartile(0.75) - quartile(0.25));
  };
  return reach(0) * reach(1);
}

function isInside([x, y], { left, top, width, height }) {
  return x >= left && x <= left + width && y >= top && y <= top + height;
}

// Where a label of some size stands; null where it finds no room in the plot.
function boxOf([x, y], [width, height], view, nudge) {
  if (!(width > 0) || width > view.width || height > view.height) return null;
  const left = Math.min(Math.max(x - width / 2, view.left), view.left + view.width - width);
  const top = Math.min(Math.max(y + (nudge - 0.5) * height, view.top), view.top + view.height - height);
  return { left, top, right: left + width, bottom: top + height };
}

function overlap(a, b) {
  const across = a.left < b.right + GAP[0] && b.left < a.right + GAP[0];
  return across && a.top < b.bottom + GAP[1] && b.top < a.bottom + GAP[1];
}

// ---- texts and how large they are

function rankOf({ level }) {
  return Math.min(level, SIZES - 1);
}

function keyOf(label) {
  return `${rankOf(label)} ${label.text}`;
}

function nodeOf(label, left, top) {
  const node = document.createElement("span");
  node.className = "wb-label";
  node.dataset.rank = rankOf(label);
  node.dir = "auto";
  node.ariaHidden = "true"; // the table of the data says it
  node.textContent = label.text;
  node.style.left = `${left}px`;
  node.style.top = `${top}px`;
  return node;
}

// Lays out all texts that are new at once, for the browser to measure them in one go.
function sizesOf(overlay, labels) {
  if (!measured.has(overlay) || measured.get(overlay).size > MOST_MEASURED) measured.set(overlay, new Map());
  const sizes = measured.get(overlay);
  const fresh = new Map(labels.map((label) => [keyOf(label), label]));
  for (const key of sizes.keys()) fresh.delete(key);
  const nodes = [...fresh].map(([key, label]) => [key, nodeOf(label, 0, 0)]);
  overlay.append(...nodes.map(([, node]) => node));
  for (const [key, node] of nodes) sizes.set(key, [node.offsetWidth, node.offsetHeight]);
  if (nodes.some(([, node]) => !node.offsetWidth)) measured.delete(overlay); // nothing is laid out
  return sizes;
}
