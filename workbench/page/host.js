// mount(element, view, hooks): one figure with its texts, live in a notebook or static in a page.
import { shared } from "./host_library.js";
import { kindOf, readView, rowsOf, rowsOfCluster, search, similarity } from "./host_model.js";
import { configOf, figureOf, heightOf } from "./host_figures.js";
import { build, make, showError, showReadout, showState, showView, textBlock } from "./host_panels.js";
import { isModels, modelFigureOf, pointedModels } from "./host_models.js";
import { choose, keyedModels, pointAt, showRanks } from "./host_choices.js";
import { followPointer, followTheme, followWidth, link, nearViewport, throttle } from "./host_page.js";

// `hooks`: library() → promise of plotly.js, and onSelection(ids), onHover(id | null),
// onViewport({x, y} | {}), onControls({color_by, query, pinned}), each optional.
export function mount(element, view, hooks, theme = THEME) {
  const host = { hooks, theme, plotly: null, drawn: false, near: false, seen: false, dragging: false };
  host.parts = build(element, actionsOf(host));
  host.linked = link(host.parts.root, () => host.model?.meta.corpus, (ids) => receive(host, ids));
  host.hover = throttle(100, (id) => hooks.onHover?.(id));
  host.select = (ids) => { select(host, ids); released(host); };
  host.stops = [
    followTheme((mode) => { host.parts.root.dataset.theme = mode; change(host, { mode }); }),
    followWidth(host.parts.plot, (width) => resized(host, width)),
    nearViewport(host.parts.root, 600, (near) => { host.near = near; near ? arrived(host) : free(host); }),
    nearViewport(host.parts.root, 0, (seen) => { host.seen = seen; if (seen) wanted(host); }),
    followPointer(host.parts.root, () => wanted(host)),
    watchDrag(host),
  ];
  guard(host, () => load(host, view, view.state ?? {}));
  return {
    update: (next) => guard(host, () => load(host, next, { ...saved(host), ...(next.state ?? {}) })),
    setSelection: (ids) => guard(host, () => select(host, ids, { quiet: true })),
    setControls: (controls) => guard(host, () => setControls(host, controls)),
    setViewport: (viewport) => guard(host, () => change(host, { viewport: full(viewport) })),
    destroy: () => destroy(host),
  };
}

function guard(host, action) {
  try {
    return action();
  } catch (error) {
    showError(host.parts, error);
    return undefined;
  }
}

// ---- state

function load(host, view, state) {
  const before = host.model?.kind;
  host.model = readView(view);
  if (before !== host.model.kind) free(host);
  host.parts.error.hidden = true;
  const { model } = host;
  const known = (state.selection ?? []).filter((id) => model.rowOf.has(id));
  const colorBy = state.color_by ?? model.meta.color_by ?? "";
  host.state = {
    mode: host.parts.root.dataset.theme,
    width: host.parts.plot.clientWidth,
    selection: new Set(known),
    colorBy: kindOf(model, colorBy) ? colorBy : "",
    query: state.query ?? "",
    hits: search(model, state.query),
    pinned: pair(model, state.pinned),
    viewport: full(state.viewport),
    dragmode: before === model.kind ? host.state?.dragmode : undefined,
    cell: null,
  };
  host.at = null;
  host.parts.plot.style.minHeight = `${heightOf(model)}px`;
  showView(host.parts, model);
  showPinned(host);
  showState(host.parts, model, host.state);
  if (known.length) host.linked.publish(sorted(known));
  draw(host);
}

function saved(host) {
  const { selection, viewport } = host.state;
  return { selection: [...selection], viewport: viewport ?? {}, ...controlsOf(host.state) };
}

function controlsOf({ colorBy, query, pinned }) {
  return { color_by: colorBy, query, pinned: pinned ?? [] };
}

function full(viewport) {
  return viewport?.x && viewport?.y ? viewport : null;
}

function pair(model, ids) {
  return ids?.length === 2 && ids.every((id) => model.rowOf.has(id)) ? ids : null;
}

function sorted(ids) {
  return [...ids].sort();
}

function change(host, changes) {
  if (!host.state) return;
  Object.assign(host.state, changes);
  showState(host.parts, host.model, host.state);
  draw(host);
}

// Every selection passes here once. `quiet`: it came from the kernel, which knows it, and which
// says on its own what is pinned.
function select(host, ids, { quiet = false, keepPinned = false } = {}) {
  const known = new Set([...ids].filter((id) => host.model.rowOf.has(id)));
  const same = known.size === host.state.selection.size && [...known].every((id) => host.state.selection.has(id));
  const pinned = quiet || keepPinned || !host.state.pinned ? {} : { pinned: null, cell: null };
  if (same && !("pinned" in pinned)) return;
  change(host, { selection: known, ...pinned });
  if ("pinned" in pinned) host.hooks.onControls?.(controlsOf(host.state));
  if (!quiet) host.hooks.onSelection?.(sorted(known));
  host.linked.publish(sorted(known));
}

function receive(host, ids) {
  const known = new Set(ids.filter((id) => host.model.rowOf.has(id)));
  change(host, { selection: known });
  host.hooks.onSelection?.(sorted(known));
}

function setControls(host, controls) {
  const { model, state } = host;
  const colorBy = controls.color_by ?? state.colorBy;
  const query = controls.query ?? state.query;
  const changes = {
    colorBy: kindOf(model, colorBy) ? colorBy : "",
    query,
    hits: query === state.query ? state.hits : search(model, query),
    pinned: pair(model, controls.pinned ?? state.pinned),
  };
  change(host, changes);
  showPinned(host);
}

function controlled(host, changes) {
  change(host, changes);
  host.hooks.onControls?.(controlsOf(host.state));
}

function actionsOf(host) {
  const later = throttle(120, (query) =>
    guard(host, () => controlled(host, { query, hits: search(host.model, query) })),
  );
  return {
    colorBy: (colorBy) => guard(host, () => controlled(host, { colorBy })),
    query: later,
    cluster: (label) => label && guard(host, () => selectRows(host, rowsOfCluster(host.model, Number(label)))),
    selectHits: () => guard(host, () => selectRows(host, host.state.hits ?? [])),
    clear: () => guard(host, () => select(host, [])),
  };
}

function selectRows(host, rows) {
  select(host, rows.map((row) => host.model.ids[row]));
}

// ---- drawing

function arrived(host) {
  if (!host.state) return;
  const others = host.linked.selection();
  if (!host.state.selection.size && others.length) receive(host, others);
  draw(host);
}

// A map that gave way to others is drawn again when somebody looks at it.
function wanted(host) {
  if (!host.drawn) draw(host);
}

// Draws soon: when near the viewport, and not within a drag (a redraw would end a lasso).
function draw(host) {
  host.stale = true;
  host.running ??= redraw(host)
    .catch((error) => showError(host.parts, error))
    .finally(() => {
      host.running = null;
      if (!host.near || host.gone) free(host);
      else if (host.stale && !host.dragging && host.parts.error.hidden) draw(host);
    });
}

async function redraw(host) {
  await null; // all changes of one event are drawn together
  while (host.stale && host.near && host.state && !host.dragging && !host.gone) {
    if (host.model.kind === "ranks") showRanks(host, (action) => guard(host, action));
    else await showFigure(host);
    host.drawn = true;
    host.parts.root.dataset.drawn = "true";
    host.parts.error.hidden = true; // what failed before has worked now
    makeRoom(host);
  }
}

async function showFigure(host) {
  host.plotly ??= await host.hooks.library();
  host.stale = false;
  const build = isModels(host.model) ? modelFigureOf : figureOf;
  const { data, layout } = build(host.model, host.state, host.theme);
  await host.plotly.react(host.parts.plot, data, layout, configOf(host.model));
  if (!host.drawn) listen(host);
}

// A browser keeps about 16 WebGL contexts and a map takes two: of more than six, maps out of sight
// give way, then the oldest.
function makeRoom(host) {
  const { drawn } = shared();
  if (host.model.kind !== "map") return;
  drawn.add(host);
  const weight = (other) => 2 * Number(other.seen) + Number(other === host);
  const spare = [...drawn].sort((a, b) => weight(a) - weight(b)).slice(0, Math.max(0, drawn.size - 6));
  spare.forEach(free);
}

function free(host) {
  if (!host.drawn) return;
  const canvases = [...host.parts.plot.querySelectorAll("canvas")];
  host.plotly?.purge(host.parts.plot);
  host.parts.plot.replaceChildren();
  for (const canvas of canvases) {
    const context = canvas.getContext("webgl2") ?? canvas.getContext("webgl");
    context?.getExtension("WEBGL_lose_context")?.loseContext();
  }
  host.drawn = false;
  host.parts.root.dataset.drawn = "false";
  shared().drawn.delete(host);
}

function destroy(host) {
  host.gone = true;
  free(host);
  host.linked.leave();
  host.stops.forEach((stop) => stop());
}

function resized(host, width) {
  if (!host.state || !width || width === host.state.width) return;
  host.state.width = width;
  if (!host.drawn || host.model.kind === "ranks") draw(host);
  else host.plotly.Plots.resize(host.parts.plot).then(() => draw(host));
}

// plotly tells of a lasso up to 0.1 s after the button is released.
function watchDrag(host) {
  let timer = 0;
  const down = (event) => {
    clearTimeout(timer); // the drag before is over: its end must not end this one
    host.dragging = true;
    host.shift = event.shiftKey;
  };
  const up = () => {
    clearTimeout(timer);
    if (host.dragging) timer = setTimeout(() => released(host), 250);
  };
  const ends = ["pointerup", "pointercancel"];
  host.parts.plot.addEventListener("pointerdown", down);
  ends.forEach((name) => window.addEventListener(name, up));
  return () => ends.forEach((name) => window.removeEventListener(name, up));
}

function released(host) {
  if (!host.dragging) return;
  host.dragging = false;
  if (host.stale) draw(host);
}

// ---- what happens on the figure

function listen(host) {
  const { plot } = host.parts;
  plot.removeAllListeners?.();
  const on = (name, action) => plot.on(name, (event) => guard(host, () => action(event)));
  on("plotly_hover", (event) => hovered(host, event.points[0]));
  on("plotly_unhover", () => host.hover(null));
  on("plotly_click", (event) => { clicked(host, event.points[0]); released(host); });
  on("plotly_selected", (event) => {
    if (!host.dragging) return; // plotly's echo of a redraw, not a person's lasso
    if (event) lassoed(host, event.points);
    released(host);
  });
  on("plotly_deselect", () => select(host, []));
  on("plotly_relayout", (event) => moved(host, event));
  plot.onkeydown = (event) => guard(host, () => keyed(host, event));
}

function lassoed(host, points) {
  const rows = points.filter((point) => typeof point.customdata === "number").map((point) => point.customdata);
  const ids = new Set(rows.map((row) => host.model.ids[row]));
  select(host, host.shift ? new Set([...host.state.selection, ...ids]) : ids);
  draw(host); // also when nothing changed: it takes the outline away
}

function hovered(host, point) {
  const { model, parts } = host;
  if (isModels(model)) return pointAt(host, pointedModels(model, point));
  if (model.kind === "heatmap") return pointCell(host, point.y, point.x);
  if (model.kind === "clusters") return showCluster(host, point.pointNumber);
  if (!(point.customdata in model.ids)) return undefined;
  showReadout(parts, textBlock(model, point.customdata));
  return host.hover(model.ids[point.customdata]);
}

function showCluster(host, place) {
  const bar = host.model.meta.clusters[place];
  const share = ((100 * bar.size) / host.model.ids.length).toFixed(0);
  const name = make("div", "wb-facts", {}, make("bdi", "", { textContent: bar.name }), make("bdi", "", { textContent: `${bar.size} texts, ${share} %` }));
  showReadout(host.parts, make("div", "wb-block", {}, name), ...bar.exemplars.map((row) => textBlock(host.model, row)));
}

function clicked(host, point) {
  const { model, state } = host;
  if (isModels(model)) return choose(host, pointedModels(model, point));
  if (model.kind === "heatmap") return pin(host, [point.y, point.x]);
  if (model.kind === "clusters") return selectRows(host, rowsOfCluster(model, point.customdata));
  const id = model.ids[point.customdata];
  if (id === undefined) return undefined;
  const next = host.shift ? new Set(state.selection) : new Set();
  if (host.shift && next.has(id)) next.delete(id);
  else next.add(id);
  return select(host, next);
}

function moved(host, event) {
  if ("dragmode" in event) host.state.dragmode = event.dragmode;
  if (!Object.keys(event).some((key) => /^[xy]axis/.test(key))) return;
  const { xaxis, yaxis } = host.parts.plot._fullLayout;
  const reset = Object.keys(event).some((key) => /autorange/.test(key));
  const viewport = reset ? null : { x: [...xaxis.range], y: [...yaxis.range] };
  host.state.viewport = viewport;
  host.hooks.onViewport?.(viewport ?? {});
  if (reset) draw(host);
}

// ---- heatmap

function pointCell(host, i, j) {
  const { model, parts } = host;
  const { rows, columns, metric } = model.meta;
  if (!model.z[i] || model.z[i][j] === undefined) return;
  host.at = [i, j];
  const value = `${metric} ${similarity(model, i, j)}`;
  const held = host.state.cell ? [...host.state.cell] : null;
  const kept = held && !(held[0] === i && held[1] === j) ? [cellLine(model, held, "kept: ")] : [];
  showReadout(parts, make("div", "wb-value", { textContent: value }), textBlock(model, rows[i]), textBlock(model, columns[j]), ...kept);
  host.hover(model.ids[rows[i]]);
}

function cellLine(model, [i, j], before) {
  const { rows, columns, metric } = model.meta;
  const text = `${before}${model.ids[rows[i]]} and ${model.ids[columns[j]]}, ${metric} ${similarity(model, i, j)}`;
  return make("div", "wb-hint", { textContent: text });
}

function pin(host, [i, j]) {
  const { model, state } = host;
  const ids = [model.ids[model.meta.rows[i]], model.ids[model.meta.columns[j]]];
  const again = state.cell && state.cell[0] === i && state.cell[1] === j;
  controlled(host, again ? { cell: null, pinned: null } : { cell: [i, j], pinned: ids });
  select(host, again ? [] : ids, { keepPinned: true });
  pointCell(host, i, j);
}

// Finds the pinned pair's cell in this order of the texts.
function showPinned(host) {
  const { model, state } = host;
  if (model.kind !== "heatmap") return;
  const [row, column] = state.pinned ? state.pinned.map((id) => model.rowOf.get(id)) : [];
  const cell = [model.placeOfRow.get(row), model.placeOfColumn.get(column)];
  state.cell = cell.includes(undefined) ? null : cell;
  if (state.cell) pointCell(host, ...state.cell);
  draw(host);
}

const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

function keyed(host, event) {
  if (isModels(host.model)) return keyedModels(host, event);
  if (host.model.kind !== "heatmap") return;
  const [i, j] = host.at ?? [0, 0];
  if (event.key in STEPS) {
    const [down, right] = STEPS[event.key];
    const height = host.model.z.length - 1;
    const width = host.model.z[0].length - 1;
    pointCell(host, Math.max(0, Math.min(height, i + down)), Math.max(0, Math.min(width, j + right)));
  } else if (event.key === "Enter") pin(host, [i, j]);
  else return;
  event.preventDefault();
}
