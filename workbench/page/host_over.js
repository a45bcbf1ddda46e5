// What lies over a map: lines from a text to its real nearest neighbours, and rings around texts.
const SVG = ["http:", "", "www.w3.org", "2000", "svg"].join("/"); // a name, not a link: none is in a page

// Where a text lies on a panel, in pixels of the plot; null when it is out of sight.
export function pixelOf(host, panel, row) {
  const layout = host.parts.plot._fullLayout;
  const [xaxis, yaxis] = [layout?.[`xaxis${panel.axis}`], layout?.[`yaxis${panel.axis}`]];
  if (!xaxis?.l2p || !yaxis?.l2p) return null;
  const [x, y] = [xaxis.l2p(panel.x[row]), yaxis.l2p(panel.y[row])];
  if (!(x >= 0 && x <= xaxis._length && y >= 0 && y <= yaxis._length)) return null;
  return [xaxis._offset + x, yaxis._offset + y];
}

// Marks a text on every panel, with lines to some others: those that end out of sight are left out.
export function showPointed(host, layer, row, others) {
  const drawing = node("svg", { class: "wb-over", "aria-hidden": "true" });
  for (const panel of host.model.panels) {
    const from = pixelOf(host, panel, row);
    if (!from) continue;
    for (const other of others) {
      const to = pixelOf(host, panel, other);
      if (!to) continue;
      drawing.append(node("line", { x1: from[0], y1: from[1], x2: to[0], y2: to[1] }));
      drawing.append(node("circle", { cx: to[0], cy: to[1], r: 4, class: "wb-near" }));
    }
    drawing.append(node("circle", { cx: from[0], cy: from[1], r: 8, class: "wb-here" }));
  }
  layer.replaceChildren(drawing);
}

function node(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}
