// Labels on the dense regions of a map: as many as there is room for, more of them as one zooms.

const ROOM = 28000; // square pixels of the plot for each label: some 15 on a map
const TRIED = 4; // labels for each that there is room for: many would overlap others
const GAP = [14, 7]; // pixels between two labels, across and down
const NUDGES = [0, -0.6, 0.6]; // where a label may stand: so many of its heights below its place
const SIZES = 3; // of letters; all finer levels share the last
const MOST_MEASURED = 2000;

const measured = new WeakMap(); // overlay → {across, sizes: Map of a text in its size → [width, height]}

// Draws those of `labels` ([{x, y, level, size, text}], in data coordinates) that find room. `view`
// has toPixel(x, y) → [left, top] in pixels of the overlay, and the plot area's left, top, width and
// height. Coarser levels and larger regions come first; one that the plot's edge would cut moves in.
export function placeLabels(overlay, labels, view) {
  const tried = triedLabels(labels, view);
  const sizes = measure(overlay, tried.map(({ label }) => label));
  const most = Math.max(1, Math.round((view.width * view.height) / ROOM));
  const placed = [];
  for (const { label, at } of tried) {
    if (placed.length === most) break;
    const box = freeBox(at, sizes.get(keyOf(label)), view, placed);
    if (box) placed.push({ ...box, label });
  }
  overlay.replaceChildren(...placed.map(({ label, left, top, right }) => nodeOf(label, left, top, right - left)));
}

export function clearLabels(overlay) {
  overlay.replaceChildren();
}

// ---- which

// The labels in sight that may be drawn. Of all labels the coarser ones may: so many as would fill the
// plot if they were spread evenly. As one zooms in, they spread over more than the plot, and finer ones
// may, too; how one pans changes nothing.
function triedLabels(labels, view) {
  const all = labels.map((label) => ({ label, at: view.toPixel(label.x, label.y) }));
  const spread = Math.max(view.width * view.height, extentOf(all, 0) * extentOf(all, 1));
  all.sort(({ label: a }, { label: b }) => a.level - b.level || b.size - a.size);
  return all.slice(0, Math.ceil((TRIED * spread) / ROOM)).filter(({ at }) => isInside(at, view));
}

// How far labels spread on an axis: twice what the half in the middle does. A far island counts not.
function extentOf(all, axis) {
  const values = all.map(({ at }) => at[axis]).sort((a, b) => a - b);
  const quartile = (share) => values[Math.floor(share * (values.length - 1))] ?? 0;
  return 2 * (quartile(0.75) - quartile(0.25));
}

function isInside([x, y], { left, top, width, height }) {
  return x >= left && x <= left + width && y >= top && y <= top + height;
}

// ---- where

function freeBox([x, y], [width, height], { left, top, ...plot }, placed) {
  if (!height || width > plot.width || height > plot.height) return null;
  const within = (value, low, high) => Math.min(Math.max(value, low), high);
  const start = within(x - width / 2, left, left + plot.width - width);
  for (const nudge of NUDGES) {
    const upper = within(y + (nudge - 0.5) * height, top, top + plot.height - height);
    const box = { left: start, top: upper, right: start + width, bottom: upper + height };
    if (!placed.some((other) => overlap(box, other))) return box;
  }
  return null;
}

function overlap(a, b) {
  const across = a.left < b.right + GAP[0] && b.left < a.right + GAP[0];
  return across && a.top < b.bottom + GAP[1] && b.top < a.bottom + GAP[1];
}

// ---- texts, and how large they are

function rankOf({ level }) {
  return Math.min(level, SIZES - 1);
}

function keyOf(label) {
  return `${rankOf(label)} ${label.text}`;
}

function nodeOf(label, left, top, width) {
  const node = document.createElement("span");
  node.className = "wb-label";
  node.dataset.rank = rankOf(label);
  node.dir = "auto";
  node.setAttribute("aria-hidden", "true"); // the table of the data says it
  node.textContent = label.text;
  node.style.left = `${left}px`;
  node.style.top = `${top}px`;
  if (width) node.style.width = `${width}px`;
  return node;
}

// How wide a text's longest line is: where a text breaks, its box is as wide as boxes may be.
function linesOf(node) {
  const range = document.createRange();
  range.selectNodeContents(node);
  return Math.ceil(range.getBoundingClientRect().width) + 1;
}

// Returns a Map of how large labels are. All that are new are laid out first, then measured at once.
function measure(overlay, labels) {
  const across = overlay.clientWidth; // the style sheet breaks texts earlier in a narrow host
  let known = measured.get(overlay);
  if (known?.across !== across || known.sizes.size > MOST_MEASURED) known = { across, sizes: new Map() };
  measured.set(overlay, known);
  const { sizes } = known;
  const fresh = new Map();
  for (const label of labels) {
    const key = keyOf(label);
    if (!sizes.has(key) && !fresh.has(key)) fresh.set(key, nodeOf(label, 0, 0));
  }
  overlay.append(...fresh.values());
  for (const [key, node] of fresh) sizes.set(key, [linesOf(node), node.offsetHeight]);
  if ([...fresh.values()].some((node) => !node.offsetHeight)) measured.delete(overlay); // nothing is laid out
  return sizes;
}
