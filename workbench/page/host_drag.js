// What is drawn around texts: seen from the first press of the button to plotly's last word on it.

const LEAST = 8; // pixels; less is a click, to plotly too

// Nothing is drawn within a drag: a redraw would end a lasso. plotly tells of one up to 0.2 s after
// the button is released; what it holds is known at once, and chosen then.
export function watchDrag(host) {
  let timer = 0;
  let lasso = null;
  const { plot } = host.parts;
  const down = (event) => {
    clearTimeout(timer); // the drag before is over: its end must not end this one
    host.dragging = true;
    host.chosen = false;
    lasso = event.button === 0 ? begun(plot, event) : null;
    if (lasso) window.addEventListener("pointermove", move);
  };
  const move = (event) => lasso.points.push(placeIn(lasso.box, event));
  const up = () => {
    clearTimeout(timer);
    window.removeEventListener("pointermove", move);
    if (!host.dragging) return;
    timer = setTimeout(() => released(host), 250);
    if (lasso && isDrag(lasso)) chosen(host, lasso);
    lasso = null;
  };
  const ends = ["pointerup", "pointercancel"];
  plot.addEventListener("pointerdown", down);
  ends.forEach((name) => window.addEventListener(name, up));
  return () => {
    window.removeEventListener("pointermove", move);
    ends.forEach((name) => window.removeEventListener(name, up));
  };
}

export function released(host) {
  if (!host.dragging || host.choosing) return;
  host.dragging = false;
  if (host.stale) host.redraw();
}

// The lasso that a press begins: the panel it is on, and the points of it in pixels.
function begun(plot, event) {
  const panel = event.target.closest(".nsewdrag");
  if (!panel || plot._fullLayout?.dragmode !== "lasso") return null;
  const { xaxis, yaxis } = plot._fullLayout._plots[panel.dataset.subplot] ?? {};
  const box = panel.getBoundingClientRect();
  return xaxis && { xaxis, yaxis, box, points: [placeIn(box, event)] };
}

function placeIn({ left, top, width, height }, { clientX, clientY }) {
  return [Math.min(width, Math.max(0, clientX - left)), Math.min(height, Math.max(0, clientY - top))];
}

function isDrag({ points: [[x, y], ...rest] }) {
  return rest.some(([right, low]) => Math.abs(right - x) > LEAST || Math.abs(low - y) > LEAST);
}

// The picture waits for plotly, which has the outline in hand; what follows the selection does not.
function chosen(host, { xaxis, yaxis, points }) {
  const lassoPoints = { [xaxis._id]: points.map(([x]) => xaxis.p2r(x)), [yaxis._id]: points.map(([, y]) => yaxis.p2r(y)) };
  host.chosen = host.choosing = true;
  host.guard(() => host.kind.lassoed?.(host, { lassoPoints }));
  host.choosing = false;
}
