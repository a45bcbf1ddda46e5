// The parts around the figure. Texts enter the page through textContent only.
import { clusterOf, elide, rowsOf, shown } from "./host_model.js";

const MOST_ROWS = 200;
let counter = 0;

export function make(tag, className, properties = {}, ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("aria-") || name === "role" || name === "for") node.setAttribute(name, value);
    else node[name] = value;
  }
  node.append(...children);
  return node;
}

function labelled(text, control) {
  counter += 1;
  control.id = `wb-control-${counter}`;
  return make("span", "wb-field", {}, make("label", "", { for: control.id, textContent: text }), control);
}

// Builds the skeleton and returns its parts by name.
export function build(element, actions) {
  const parts = {
    title: make("div", "wb-title", { role: "heading", "aria-level": "3" }),
    subtitle: make("div", "wb-subtitle"),
    toolbar: make("div", "wb-toolbar", { role: "toolbar", "aria-label": "Figure controls" }),
    plot: make("div", "wb-plot"),
    readout: make("div", "wb-readout", { role: "region", "aria-label": "Text under the pointer", tabIndex: 0 }),
    status: make("div", "wb-status"),
    table: make("div", "wb-table", { role: "region", "aria-label": "Selected texts" }),
    error: make("div", "wb-error", { role: "alert", hidden: true }),
  };
  Object.assign(parts, buildControls(parts.toolbar, actions), buildStatus(parts.status, actions));
  const root = make("section", "workbench-host", { role: "group" });
  root.dataset.lmSuppressShortcuts = "true"; // JupyterLab: keys typed here are for the figure
  const figure = make("div", "wb-figure", {}, parts.plot, parts.readout);
  root.append(parts.title, parts.subtitle, parts.toolbar, parts.error, figure, parts.status, parts.table);
  element.replaceChildren(root);
  return { ...parts, root };
}

function buildControls(toolbar, actions) {
  const color = make("select", "wb-color");
  color.addEventListener("change", () => actions.colorBy(color.value));
  const cluster = make("select", "wb-cluster");
  cluster.addEventListener("change", () => actions.cluster(cluster.value));
  const query = make("input", "wb-search", { type: "search", placeholder: "words", spellcheck: false });
  query.addEventListener("input", () => actions.query(query.value));
  const hits = make("output", "wb-hits", { "aria-live": "polite" });
  const selectHits = make("button", "wb-select-hits", { type: "button", textContent: "Select matches", hidden: true });
  selectHits.addEventListener("click", actions.selectHits);
  const fields = {
    colorField: labelled("Colour by", color),
    clusterField: labelled("Show the texts of", cluster),
    searchField: labelled("Search", query),
  };
  toolbar.append(fields.colorField, fields.clusterField, fields.searchField, hits, selectHits);
  return { ...fields, color, cluster, query, hits, selectHits };
}

function buildStatus(status, actions) {
  const count = make("output", "wb-count", { "aria-live": "polite" });
  const clear = make("button", "wb-clear", { type: "button", textContent: "Clear selection", hidden: true });
  clear.addEventListener("click", actions.clear);
  status.append(count, clear);
  return { count, clear };
}

// Sets what depends on the view: title, the options of the selects, which controls there are.
export function showView(parts, model) {
  const { meta } = model;
  parts.root.dataset.kind = model.kind;
  parts.title.textContent = meta.title ?? "";
  parts.subtitle.textContent = meta.subtitle ?? "";
  parts.root.setAttribute("aria-label", meta.title || "Figure");
  const columns = model.kind === "map" ? (meta.color_columns ?? []).map(({ name }) => name) : [];
  setOptions(parts.color, [["", "nothing"], ...columns.map((name) => [name, elide(name, 30)])]);
  parts.colorField.hidden = columns.length === 0;
  const bars = model.kind === "clusters" ? meta.clusters : [];
  setOptions(parts.cluster, [
    ["", "(choose a cluster)"],
    ...bars.map((bar) => [String(bar.label), `${elide(bar.name, 40)} (${bar.size})`]),
  ]);
  parts.clusterField.hidden = bars.length === 0;
  parts.searchField.hidden = !["map", "clusters"].includes(model.kind);
  parts.readout.hidden = model.ids.length === 0;
  nameKeys(parts, KEYS[model.kind]);
  hint(parts.readout, model.kind);
}

function setOptions(select, options) {
  select.replaceChildren(...options.map(([value, text]) => make("option", "", { value, textContent: text })));
}

const KEYS = {
  heatmap: "Matrix of similarities: arrow keys and Enter",
  models: "Models: arrow keys and Enter",
  "models-matrix": "Matrix of models: arrow keys and Enter",
};

// A matrix is read with the arrow keys, and what they come to is said aloud.
function nameKeys({ plot, readout }, keys) {
  plot.tabIndex = keys ? 0 : -1;
  if (keys) {
    plot.setAttribute("role", "application");
    plot.setAttribute("aria-label", keys);
    readout.setAttribute("aria-live", "polite");
  } else {
    for (const name of ["role", "aria-label"]) plot.removeAttribute(name);
    readout.removeAttribute("aria-live");
  }
}

const HINTS = {
  map: "Point at a text to read it; draw around texts to select them.",
  heatmap: "Point at a cell to read both texts; click to keep the pair. With the keyboard: arrow keys and Enter.",
  clusters: "Point at a cluster to see its most typical texts; click to list all of them.",
  models: "Point at a model to read its numbers; click to follow it through the other figures. With the keyboard: arrow keys and Enter.",
  "models-matrix": "Point at a cell to read how alike two models are; click to follow both. With the keyboard: arrow keys and Enter.",
  ranks: "Point at a text to see where each model ranks it; click to keep it.",
};

function hint(readout, kind) {
  readout.replaceChildren(make("p", "wb-hint", { textContent: HINTS[kind] ?? "" }));
}

export function showState(parts, model, state) {
  parts.color.value = state.colorBy ?? "";
  if (parts.query.value !== state.query) parts.query.value = state.query;
  const found = state.hits?.length ?? 0;
  parts.hits.textContent = state.hits ? `${found.toLocaleString("en")} ${found === 1 ? "match" : "matches"}` : "";
  parts.selectHits.hidden = found === 0;
  const rows = rowsOf(model, state.selection);
  parts.cluster.value = String(clusterOf(model, rows) ?? ""); // arrow keys go on from here
  const total = model.ids.length.toLocaleString("en");
  parts.count.textContent = rows.length ? `${rows.length.toLocaleString("en")} of ${total} ${thingsOf(model)} selected` : "";
  parts.clear.hidden = rows.length === 0;
  showTable(parts.table, model, rows);
}

function thingsOf(model) {
  return model.kind.startsWith("models") ? "models" : "texts";
}

function showTable(place, model, rows) {
  place.hidden = rows.length === 0;
  place.tabIndex = rows.length ? 0 : -1;
  if (!rows.length) {
    place.replaceChildren();
    return;
  }
  const columns = ["id", "text", ...(model.meta.table ?? [])].filter((name) => model.texts[name]);
  const head = make("tr", "", {}, ...columns.map((name) => make("th", "", { textContent: headed(name, model), scope: "col" })));
  const body = rows.slice(0, MOST_ROWS).map((row) =>
    make("tr", "", {}, ...columns.map((name) => cell(name, model.texts[name][row]))),
  );
  const table = make("table", "", {}, make("thead", "", {}, head), make("tbody", "", {}, ...body));
  const more = rows.length - MOST_ROWS;
  const rest = more > 0 ? [make("p", "wb-more", { textContent: `and ${more.toLocaleString("en")} more` })] : [];
  place.replaceChildren(table, ...rest);
}

function headed(name, model) {
  if (name === "id" && thingsOf(model) === "models") return "model";
  return name === "cluster_name" ? "cluster" : elide(name, 30);
}

function cell(name, value) {
  const most = name === "text" ? 280 : 60;
  return make("td", name === "text" ? "wb-text" : "", { textContent: elide(shown(value), most), dir: "auto" });
}

// One text with its id and label, for the readout.
export function textBlock(model, row, before = "") {
  const facts = [before, model.ids[row], ...(model.meta.table ?? []).map((name) => shown(model.texts[name]?.[row]))];
  const line = make("div", "wb-facts");
  for (const fact of facts.filter((value) => value !== "")) {
    line.append(make("bdi", "", { textContent: elide(fact, 60) }));
  }
  const text = model.texts.text?.[row];
  const body = text === undefined ? [] : [make("p", "wb-text", { textContent: elide(text, 600), dir: "auto" })];
  return make("div", "wb-block", {}, line, ...body);
}

export function showReadout(parts, ...blocks) {
  parts.readout.replaceChildren(...blocks);
}

export function showError(parts, error) {
  const message = error instanceof Error ? error.message : String(error);
  parts.error.textContent = `The figure could not be drawn: ${message}`;
  parts.error.hidden = false;
}
