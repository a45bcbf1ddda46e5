// mount(element, view, hooks): one figure with its texts, live in a notebook or static in a page.
import { shared } from "./host_library.js";
import { kindOf, readView, search } from "./host_model.js";
import { followPointer, followTheme, followWidth, inTurn, link, nearViewport, painted, throttle } from "./host_page.js";
import { build, showError, showState, showView } from "./host_panels.js";
import { columnKept, goneOf, keptObject, keptOf } from "./host_selections.js";
import { choose, forget, keep, keepAs, recall, receive, receiveKept, select, sorted, watchHeld } from "./host_select.js";
import { released, watchDrag } from "./host_drag.js";
import { furnish } from "./host_chosen.js";
import { drawFigure, heightOf, plainKind } from "./host_figures.js";
import { mapKind } from "./host_map.js";
import { alignedKind } from "./host_aligned.js";
import { heatmapKind } from "./host_heatmap.js";
import { blocksKind } from "./host_blocks.js";
import { clustersKind } from "./host_clusters.js";
import { hierarchyKind, silhouetteKind, stabilityKind } from "./host_cluster_figures.js";
import { sweepKind } from "./host_sweep.js";
import { groupsKind, leakageKind, pairsKind, thresholdsKind } from "./host_duplicates.js";
import { textsKind } from "./host_texts.js";
import { searchKind } from "./host_search.js";
import { modelsKind, modelsMatrixKind, ranksKind } from "./host_choices.js";

// What a kind of figure is: its `hint`, the name of its `keys` (with them it is used by keyboard),
// whether it `searches`, has `colors`, a `bare` mode bar, what its `things` are called, whether it
// `lists` the selected texts itself; read(model), figure(model, state, theme) or draw(host),
// marks(model, state, theme) → the shapes that follow a selection, if nothing else of the figure does,
// controls(host) → {nodes, show()}, shown(host), drawn(host), twin(model) → {header, rows} (its
// data as a table), summary(model, state) → a few sentences, and what a person does: hovered,
// clicked(host, point), lassoed(host, event), moving, moved(host), keyed(host, event),
// pointed(host, id | null) by a linked figure or a table. All but hint and figure are optional.
// What a person chooses goes to host.select(ids, {toggle}), which replaces, adds, takes away or
// keeps only, as the control "Selecting" says. host.look(viewport | null) moves what is seen.
const KINDS = {
  map: mapKind,
  aligned: alignedKind,
  heatmap: heatmapKind,
  blocks: blocksKind,
  clusters: clustersKind,
  stability: stabilityKind,
  silhouette: silhouetteKind,
  hierarchy: hierarchyKind,
  sweep: sweepKind,
  pairs: pairsKind,
  groups: groupsKind,
  leakage: leakageKind,
  thresholds: thresholdsKind,
  models: modelsKind,
  "models-matrix": modelsMatrixKind,
  ranks: ranksKind,
  search: searchKind,
  texts: textsKind,
};

// `hooks`: library() → promise of plotly.js, and onSelection(ids), onSelections({name: ids}),
// onHover(id | null), onViewport({x, y} | {}), onControls({color_by, query, pinned, options}),
// onAction(name, value), which asks the kernel for something, and asks(name) → whether it would
// answer; each optional, and a page without a kernel has none of the last two.
export function mount(element, view, hooks, theme = THEME) {
  const host = { hooks, theme, plotly: null, drawn: false, near: false, seen: false, dragging: false };
  Object.assign(host, doings(host));
  const actions = actionsOf(host);
  host.parts = build(element, actions);
  host.around = furnish(host, actions);
  watchHeld(host);
  host.linked = link(host.parts.root, () => host.model?.meta.corpus, {
    selection: (ids) => receive(host, ids),
    kept: (name, ids) => keepAs(host, name, ids, true),
    hover: (id) => host.kind?.pointed?.(host, id),
    lists: () => Boolean(host.kind?.lists),
  });
  const told = throttle(100, (id) => { if (!host.gone) hooks.onHover?.(id); });
  host.hover = (id) => { told(id); host.linked.hover(id); };
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
    setSelections: (selections) => guard(host, () => receiveKept(host, selections)),
    setControls: (controls) => guard(host, () => setControls(host, controls)),
    setViewport: (viewport) => guard(host, () => change(host, { viewport: full(viewport) })),
    destroy: () => destroy(host),
  };
}

// What a kind may do with its host: each change goes through one of these.
function doings(host) {
  return {
    guard: (action) => guard(host, action),
    change: (changes) => change(host, changes),
    control: (changes) => controlled(host, changes),
    option: (name, value) => controlled(host, { options: { ...host.state.options, [name]: value } }),
    select: (ids, how) => { choose(host, ids, how); released(host); },
    selectRows: (rows, how) => host.select(rows.map((row) => host.model.ids[row]), how),
    look: (viewport) => { change(host, { viewport }); host.hooks.onViewport?.(viewport ?? {}); },
    tellControls: () => host.hooks.onControls?.(controlsOf(host.state)),
    asks: (name) => Boolean(host.hooks.asks?.(name)),
    ask: (name, value) => host.hooks.onAction?.(name, value),
    redraw: () => draw(host),
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
  if (host.gone) return;
  const before = host.model?.kind;
  const came = host.model ? foreignTo(host.model, host.linked.ids()) : []; // only others held these
  const kind = KINDS[view.figure.layout?.meta?.workbench?.kind] ?? plainKind;
  host.model = readView(view);
  kind.read?.(host.model);
  if (before !== host.model.kind) {
    free(host, true);
    host.kind = kind;
    [host.parts.overlay, host.parts.aside].forEach((place) => place.replaceChildren());
    host.own = kind.controls?.(host);
    host.parts.own.replaceChildren(...(host.own?.nodes ?? []));
  }
  host.parts.error.hidden = true;
  const { model } = host;
  const selections = keptOf(state.selections);
  columnKept(model, selections);
  host.linked.holds(selections);
  const chosen = state.selection ?? [];
  const known = [...new Set([...chosen, ...came])].filter((id) => model.rowOf.has(id));
  const colorBy = state.color_by ?? model.meta.color_by ?? "";
  host.state = {
    mode: host.parts.root.dataset.theme,
    width: host.parts.plot.clientWidth,
    selection: new Set(known),
    selections,
    gone: goneSince(state.selected_before ?? [chosen.length, known.length], known.length),
    colorBy: kindOf(model, colorBy) ? colorBy : "",
    query: state.query ?? "",
    hits: search(model, state.query),
    pinned: pair(model, state.pinned),
    options: state.options ?? {},
    viewport: full(state.viewport),
    dragmode: before === model.kind ? host.state?.dragmode : undefined,
    cell: null,
  };
  host.at = null;
  host.parts.plot.style.minHeight = `${heightOf(model)}px`;
  showView(host.parts, model, kind);
  kind.shown?.(host);
  show(host);
  if (known.length) host.linked.publish(sorted([...known, ...foreignTo(model, host.linked.ids())]));
  if (came.some((id) => model.rowOf.has(id))) host.hooks.onSelection?.(sorted(known));
  draw(host);
}

// What is selected on others and not here: a figure that shows other texts for a while keeps it.
function foreignTo(model, ids) {
  return ids.filter((id) => !model.rowOf.has(id));
}

// What to say of texts that were selected before the data changed, while the rest still is.
function goneSince([before, here], count) {
  return count === here ? goneOf(before, here, "selected texts") : "";
}

function show(host) {
  showState(host.parts, host.model, host.state, host.kind.things);
  host.around(host);
  host.own?.show?.();
}

function saved(host) {
  const { selection, selections, viewport } = host.state;
  return { selection: [...selection], selections: keptObject(selections), viewport: viewport ?? {}, ...controlsOf(host.state) };
}

function controlsOf({ colorBy, query, pinned, options }) {
  return { color_by: colorBy, query, pinned: pinned ?? [], options };
}

function full(viewport) {
  return viewport?.x && viewport?.y ? viewport : null;
}

function pair(model, ids) {
  return ids?.length === 2 && ids.every((id) => model.rowOf.has(id)) ? ids : null;
}

function change(host, changes) {
  if (!host.state) return;
  Object.assign(host.state, changes);
  show(host);
  draw(host);
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
    options: controls.options ?? state.options,
  };
  Object.assign(state, changes);
  host.kind.shown?.(host);
  change(host, {});
}

function controlled(host, changes) {
  if (host.gone) return;
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
    selectHits: () => guard(host, () => host.selectRows(host.state.hits ?? [])),
    clear: () => guard(host, () => {
      select(host, []);
      host.parts.plot.focus({ preventScroll: true }); // the button goes
    }),
    keep: (name) => guard(host, () => keep(host, name)),
    recall: (name) => guard(host, () => recall(host, name)),
    forget: (name) => guard(host, () => forget(host, name)),
  };
}

// ---- drawing

function arrived(host) {
  if (!host.state) return;
  const others = host.state.selection.size ? [] : host.linked.adopt();
  if (others.length) receive(host, others);
  if (!host.state.selections.size) host.linked.kept().forEach((ids, name) => keepAs(host, name, ids, true));
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
  await (host.drawn ? painted() : firstTime(host)); // all changes of one event together, and after its tables
  while (host.stale && host.near && host.state && !host.dragging && !host.gone) {
    if (host.kind.draw) host.kind.draw(host);
    else await showFigure(host);
    host.drawn = true;
    host.kind.drawn?.(host);
    host.parts.root.dataset.drawn = "true";
    host.parts.error.hidden = true; // what failed before has worked now
    makeRoom(host);
  }
}

// The figures of a page come one after the other, each on the screen before the next is drawn.
async function firstTime(host) {
  await null;
  if (host.kind.draw || !host.near) return;
  host.plotly ??= await host.hooks.library();
  await inTurn();
}

async function showFigure(host) {
  host.plotly ??= await host.hooks.library();
  host.stale = false;
  await drawFigure(host);
  if (!host.drawn) listen(host);
}

// A browser keeps about 16 WebGL contexts and a map takes two: of more than six, maps out of sight
// give way, then the oldest.
function makeRoom(host) {
  const { drawn } = shared();
  if (!host.model.panels) return; // not a map
  drawn.add(host);
  const weight = (other) => 2 * Number(other.seen) + Number(other === host);
  const spare = [...drawn].sort((a, b) => weight(a) - weight(b)).slice(0, Math.max(0, drawn.size - 6));
  spare.forEach(free);
}

// What the page's own elements draw costs nothing to keep.
function free(host, whole = false) {
  if (!host.drawn || (host.kind.draw && !whole)) return;
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
  if (!host.drawn || host.kind.draw) draw(host);
  else host.plotly.Plots.resize(host.parts.plot).then(() => draw(host));
}

// ---- what happens on the figure

function listen(host) {
  const { plot } = host.parts;
  plot.removeAllListeners?.();
  const on = (name, action) => plot.on(name, (event) => guard(host, () => action(event)));
  on("plotly_hover", (event) => host.kind.hovered?.(host, event.points[0]));
  on("plotly_unhover", () => { host.hover(null); host.kind.pointed?.(host, null); });
  on("plotly_click", (event) => { host.kind.clicked?.(host, event.points[0]); released(host); });
  on("plotly_selected", (event) => {
    if (!host.dragging) return; // plotly's echo of a redraw, not a person's lasso
    if (event && !host.chosen) host.kind.lassoed?.(host, event);
    released(host);
    if (event) draw(host); // also when nothing changed: it takes the outline away
  });
  on("plotly_deselect", () => select(host, []));
  on("plotly_relayouting", () => host.kind.moving?.(host));
  on("plotly_relayout", (event) => moved(host, event));
  plot.onkeydown = (event) => {
    if (event.target !== plot) return; // a button of the mode bar
    if (event.ctrlKey || event.metaKey || (event.altKey && event.key !== "Enter")) return; // the browser's own
    guard(host, () => host.kind.keyed?.(host, event));
  };
}

function moved(host, event) {
  if ("dragmode" in event) host.state.dragmode = event.dragmode;
  if (!Object.keys(event).some((key) => /^[xy]axis/.test(key))) return;
  const { xaxis, yaxis } = host.parts.plot._fullLayout;
  const reset = Object.keys(event).some((key) => /autorange/.test(key));
  const viewport = reset ? null : { x: [...xaxis.range], y: [...yaxis.range] };
  host.state.viewport = viewport;
  host.whole.viewport = reset ? undefined : viewport; // what plotly draws by now
  host.hooks.onViewport?.(viewport ?? {});
  if (reset) draw(host);
  else host.kind.moved?.(host);
}
