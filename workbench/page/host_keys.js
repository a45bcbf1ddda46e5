// A map by keyboard. Its cursor is the text that is pointed at.

export const MAP_KEYS =
  "Map of texts. Arrow keys go from text to text, Enter selects, plus and minus zoom, Home shows all";

const STEPS = { ArrowUp: [0, 1], ArrowDown: [0, -1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };
const CLOSER = 0.6; // of what is seen

export function keyedMap(host, event) {
  const view = viewOf(host);
  const { key } = event;
  const at = host.pointed ?? host.at;
  if (!view) return;
  if (key in STEPS) pointAt(host, view, nextText(host.model.panels[0], at, STEPS[key], view));
  else if (key === "Enter" || key === " ") selectAt(host, at);
  else if (key === "+" || key === "=") zoom(host, view, at, CLOSER);
  else if (key === "-") zoom(host, view, at, 1 / CLOSER);
  else if (key === "Home") host.look(null);
  else return;
  event.preventDefault();
}

// What is seen: {x: [low, high], y: [low, high], scale: pixels per unit}.
function viewOf(host) {
  const { xaxis, yaxis } = host.parts.plot._fullLayout ?? {};
  if (!xaxis?._length) return null;
  const scale = [xaxis, yaxis].map((axis) => axis._length / Math.abs(axis.range[1] - axis.range[0]));
  return { x: [...xaxis.range], y: [...yaxis.range], scale };
}

function middleOf([low, high]) {
  return (low + high) / 2;
}

// The row of the text that is nearest in a direction, within 45 degrees of it; texts on the same
// place follow each other, there and back. Without a text to start from, the one in the middle.
export function nextText({ x, y }, from, [right, up], view) {
  const start = from ?? null;
  const [left, bottom] = start === null ? [middleOf(view.x), middleOf(view.y)] : [x[start], y[start]];
  const onwards = right - up > 0;
  let best = start;
  let least = Infinity;
  for (let row = 0; row < x.length; row += 1) {
    if (row === start) continue;
    const dx = (x[row] - left) * view.scale[0];
    const dy = (y[row] - bottom) * view.scale[1];
    const far = start === null ? Math.hypot(dx, dy) : farness(dx, dy, right, up, row - start);
    if (far < least || (far === least && far < Infinity && !onwards)) [least, best] = [far, row];
  }
  return best;
}

function farness(dx, dy, right, up, later) {
  if (dx === 0 && dy === 0) return later > 0 === right - up > 0 ? 1e-9 * Math.abs(later) : Infinity;
  const along = dx * right + dy * up;
  const across = Math.abs(right ? dy : dx);
  return along > 0 && across <= along ? along + 2 * across : Infinity;
}

function pointAt(host, view, row) {
  if (row === null || row === undefined) return;
  host.at = row;
  host.kind.hovered(host, { customdata: row });
  const { x, y } = host.model.panels[0];
  if (within(view.x, x[row]) && within(view.y, y[row])) return;
  const moved = (range, to) => range.map((end) => end + to - middleOf(range));
  host.look({ x: moved(view.x, x[row]), y: moved(view.y, y[row]) });
}

function within(range, value) {
  return value >= Math.min(...range) && value <= Math.max(...range);
}

function selectAt(host, row) {
  if (row !== null && row !== undefined) host.select([host.model.ids[row]], { toggle: true, adds: true });
}

function zoom(host, view, row, factor) {
  const { x, y } = host.model.panels[0];
  const fixed = (range, values) => (row !== null && row !== undefined && within(range, values[row]) ? values[row] : middleOf(range));
  const around = (range, to) => range.map((end) => to + (end - to) * factor);
  host.look({ x: around(view.x, fixed(view.x, x)), y: around(view.y, fixed(view.y, y)) });
}
